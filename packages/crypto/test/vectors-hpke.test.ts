// The test vectors that need X-Wing, opened by other hands than ours: the second reader has no X-Wing. See test-vectors/README.md.
import { readdirSync, readFileSync } from 'node:fs'
import { ml_kem768_x25519 } from '@noble/post-quantum/hybrid.js'
import { bind, decodeWrapRow, encodeTarget } from '@sealchart/protocol'
import { expect, test } from 'vitest'
import { oracleOpen } from './hpke-oracle.js'

interface Vector {
  readonly operation: string
  readonly inputs: Readonly<Record<string, string>> & { readonly epoch: number }
  readonly output?: Readonly<Record<string, string | null>>
}

/** A file in the folder: what serves the tests in a browser cuts the slash off a folder. */
const beside = new URL('../../../test-vectors/README.md', import.meta.url)
const vectors = ['hpke', 'wraps'].flatMap((area) =>
  readdirSync(new URL(`${area}/`, beside)).map((name) => {
    const vector = JSON.parse(readFileSync(new URL(`${area}/${name}`, beside), 'utf8')) as Vector
    return { name: `${area}/${name}`, ...vector }
  }),
)
const of = (...operations: readonly string[]) => vectors.filter(({ operation }) => operations.includes(operation))
const bytes = (text: string | null | undefined): Uint8Array => new Uint8Array(Buffer.from(text ?? '', 'hex'))
const hex = (given: Uint8Array): string => Buffer.from(given).toString('hex')
const none = new Uint8Array(0)

/** What is opened with which seed, and for what: the contexts of the specification, written out. */
function sealedIn({ operation, inputs }: Vector): {
  seed: Uint8Array
  info: Uint8Array
  aad: Uint8Array
  sealed: Uint8Array
} {
  const { network, chain, record, author, row } = inputs
  const seed = bytes(inputs['seed'])
  if (operation === 'hpke/open')
    return { seed, info: bytes(inputs['info']), aad: bytes(inputs['associatedData']), sealed: bytes(inputs['sealed']) }
  if (operation === 'hpke/note') {
    const info = bind('trailNote', [bytes(network), bytes(record), inputs.epoch, bytes(author)])
    return { seed, info, aad: none, sealed: bytes(inputs['sealed']) }
  }
  const { leaf, envelope } = decodeWrapRow(bytes(row))
  const purpose = operation === 'wraps/device' ? 'deviceWrap' : 'envelope'
  return { seed, info: bind(purpose, [bytes(network), bytes(chain), encodeTarget(leaf)]), aad: none, sealed: envelope }
}

test.each(of('hpke/key'))('$name', ({ inputs, output }) => {
  expect(hex(ml_kem768_x25519.keygen(bytes(inputs['seed'])).publicKey)).toBe(output?.['publicKey'])
})

test.each(of('hpke/open', 'hpke/note', 'wraps/envelope', 'wraps/device').filter(({ output }) => output))(
  '$name opens',
  async (vector) => {
    const { seed, sealed, ...context } = sealedIn(vector)
    const opened = hex(await oracleOpen(seed, context, sealed))
    const wanted = Object.values(vector.output ?? {}).filter((value) => value !== null)
    if (vector.operation === 'hpke/open') expect(opened).toBe(vector.output?.['plaintext'])
    else if (vector.operation === 'hpke/note') expect(opened).toContain(hex(Buffer.from(vector.output?.['text'] ?? '')))
    else for (const value of wanted) expect(opened).toContain(value)
  },
)

/** Notes and wraps are refused for what they hold too; these open, and are none. */
const malformed =
  /note-(of-another-kind|of-more-than|with-a-|not-padded|padded-too-far)|device-wrap-of-31-bytes|envelope-with(out)?-(a-card-that-is-not-named|its-row-of-another-seal|the-card-that-is-named)/

test.each(of('hpke/open', 'hpke/note', 'wraps/envelope', 'wraps/device').filter(({ output }) => !output))(
  '$name does not open',
  async (vector) => {
    const { seed, sealed, ...context } = sealedIn(vector)
    const opening = oracleOpen(seed, context, sealed)
    if (malformed.test(vector.name)) await expect(opening).resolves.toBeInstanceOf(Uint8Array)
    else await expect(opening).rejects.toThrow()
  },
)
