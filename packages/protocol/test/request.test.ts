// Signed requests: one form, one window, one digest; every other spelling is refused. Spec: docs/spec/signatures.md, "Requests".
import { beforeAll, describe, expect, it } from 'vitest'
import { base64, type Digest, hex, unbase64, utf8 } from '../src/bytes.js'
import type { Signer } from '../src/cose.js'
import { ready } from '../src/ed25519.js'
import { parseUrl, type RequestParts, type SignatureHeaders, signRequest, verifyRequest } from '../src/request.js'
import { sha256 } from '../src/sha256.js'
import { chainOf, codeOfAsync, deviceOf } from './support.js'

beforeAll(ready)

const NOW = 1_790_000_000_000
const device = deviceOf(1)
const chain = chainOf(9)
const who = { chain, device: device.id, created: NOW }
const request = { method: 'POST', url: 'https://relay.example/v1/records?limit=5', body: utf8('body') }
const fields = await signRequest({ ...request, ...who }, device.sign)
const lookup = (_: Uint8Array, id: Uint8Array): Uint8Array | null =>
  hex(id) === hex(device.id) ? device.keys.sign : null

type Changes = Partial<RequestParts & { now: number; headers: Record<string, string | null> }>

/** The verdict on the good request with some of it changed; a header that is null is missing. */
function verdict(changes: Changes = {}, keys: typeof lookup = lookup): Promise<string> {
  const headers = new Headers()
  for (const [name, value] of Object.entries({ ...fields, ...changes.headers }))
    if (value !== null) headers.append(name, value)
  return codeOfAsync(() => verifyRequest({ ...request, now: NOW, ...changes, headers }, keys))
}

const input = fields['signature-input']
const [digest, signature] = [fields['content-digest'], fields.signature]
const withInput = (value: string): Changes => ({ headers: { 'signature-input': value } })
const withSignature = (value: string): Changes => ({ headers: { signature: value } })

describe('the form', () => {
  it('is three headers', () => {
    expect(Object.keys(fields).sort()).toEqual(['content-digest', 'signature', 'signature-input'])
    expect(digest).toBe(`sha-256=:${base64(sha256(utf8('body')))}:`)
    expect(input).toBe(
      `sealchart=("@method" "@target-uri" "content-digest");created=1790000000;keyid="${hex(chain)}:${hex(device.id)}";tag="sealchart/v1/request"`,
    )
    expect(signature).toMatch(/^sealchart=:[A-Za-z0-9+/]{86}==:$/)
  })

  it('signs the signature base of RFC 9421', async () => {
    let base = ''
    const signer: Signer = (message) => {
      base = new TextDecoder().decode(message)
      return device.sign(message)
    }
    await signRequest({ ...request, ...who }, signer)
    expect(base.split('\n')).toEqual([
      '"@method": POST',
      '"@target-uri": https://relay.example/v1/records?limit=5',
      `"content-digest": ${digest}`,
      `"@signature-params": ${input.slice('sealchart='.length)}`,
    ])
  })

  it('is accepted and names the device; whole seconds are what is signed', async () => {
    const late = await signRequest({ ...request, ...who, created: NOW + 999 }, device.sign)
    const signer = await verifyRequest(
      { ...request, headers: new Headers(late as Record<string, string>), now: NOW },
      lookup,
    )
    expect([hex(signer.chain), hex(signer.device), signer.created]).toEqual([hex(chain), hex(device.id), NOW])
    expect(late).toEqual(fields)
  })

  it('covers an empty body when there is none, and takes a digest for a body', async () => {
    const empty = await signRequest({ method: 'GET', url: request.url, body: new Uint8Array(0), ...who }, device.sign)
    expect(empty['content-digest']).toBe('sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:')
    const headers = { ...empty }
    expect(await verdict({ method: 'GET', body: new Uint8Array(0), headers })).toBe('accepted')
    expect(await verdict({ method: 'GET', body: utf8('x'), headers })).toBe('REQUEST_DIGEST')
    expect(await verdict({ body: { sha256: sha256(request.body) as Uint8Array as Digest } })).toBe('accepted')
    expect(await verdict({ body: { sha256: sha256(utf8('other')) as Uint8Array as Digest } })).toBe('REQUEST_DIGEST')
    const streamed = await signRequest(
      { ...request, ...who, body: { sha256: sha256(request.body) as Uint8Array as Digest } },
      device.sign,
    )
    expect(streamed).toEqual(fields)
  })

  it('gives the same verdict on a replay inside the window', async () => {
    for (let i = 0; i < 3; i++) expect(await verdict({ now: NOW + i })).toBe('accepted')
  })

  it('a header’s name is not case-sensitive, as in HTTP', async () => {
    const headers = { 'Signature-Input': input, 'signature-input': null }
    expect(await verdict({ headers })).toBe('accepted')
  })
})

describe('refuses a request that was changed', () => {
  it.each<[string, Changes, string]>([
    ['method', { method: 'PUT' }, 'REQUEST_SIGNATURE'],
    ['method in lower case', { method: 'post' }, 'REQUEST_SIGNATURE'],
    ['path', { url: 'https://relay.example/v1/record?limit=5' }, 'REQUEST_SIGNATURE'],
    ['query', { url: 'https://relay.example/v1/records?limit=6' }, 'REQUEST_SIGNATURE'],
    ['host', { url: 'https://relay2.example/v1/records?limit=5' }, 'REQUEST_SIGNATURE'],
    ['scheme', { url: 'http://relay.example/v1/records?limit=5' }, 'REQUEST_SIGNATURE'],
    ['port', { url: 'https://relay.example:8443/v1/records?limit=5' }, 'REQUEST_SIGNATURE'],
    ['a fragment', { url: `${request.url}#x` }, 'REQUEST_SIGNATURE'],
    ['a relative target', { url: '/v1/records?limit=5' }, 'REQUEST_SIGNATURE'],
    ['another spelling of the target', { url: 'https://RELAY.example/v1/records?limit=5' }, 'REQUEST_SIGNATURE'],
    ['body', { body: utf8('bodY') }, 'REQUEST_DIGEST'],
    [
      'body and digest',
      { body: utf8('x'), headers: { 'content-digest': `sha-256=:${base64(sha256(utf8('x')))}:` } },
      'REQUEST_SIGNATURE',
    ],
    ['an unknown device', withInput(input.replace(hex(device.id), hex(chain))), 'REQUEST_SIGNATURE'],
    ['another chain', withInput(input.replace(hex(chain), hex(chainOf(8)))), 'REQUEST_SIGNATURE'],
    ['created, by a second', withInput(input.replace('1790000000', '1790000001')), 'REQUEST_SIGNATURE'],
  ])('%s', async (_, changes, code) => {
    expect(await verdict(changes)).toBe(code)
  })

  it('flips of any bit of the signature', async () => {
    const bytes = unbase64(signature.slice('sealchart=:'.length, -1)) as Uint8Array
    for (let bit = 0; bit < 512; bit++) {
      const flipped = bytes.slice()
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7))
      expect(await verdict(withSignature(`sealchart=:${base64(flipped)}:`))).toBe('REQUEST_SIGNATURE')
    }
  })

  it('a key that is found but belongs to another device', async () => {
    expect(await verdict({}, () => deviceOf(2).keys.sign)).toBe('REQUEST_SIGNATURE')
  })
})

describe('accepts a header in one form only', () => {
  const components = ['"@method"', '"@target-uri"', '"content-digest"']
  const listed = (list: readonly string[]): Changes => withInput(input.replace(components.join(' '), list.join(' ')))
  const cases: (readonly [string, Changes])[] = components.flatMap(
    (name, i) =>
      [
        [`${name} dropped`, listed(components.filter((c) => c !== name))],
        [`${name} twice`, listed([...components, name])],
        [`${name} in capitals`, listed(components.map((c) => (c === name ? c.toUpperCase() : c)))],
        [`${name} in another place`, listed([...components.slice(i + 1), ...components.slice(0, i + 1)].reverse())],
        [`${name} with a parameter`, listed(components.map((c) => (c === name ? `${c};req` : c)))],
      ] as const,
  )
  it.each(cases)('%s', async (_, changes) => {
    expect(await verdict(changes)).toBe('REQUEST_SIGNATURE')
  })

  it.each<[string, string | null]>([
    ['missing', null],
    ['empty', ''],
    ['another label', input.replace('sealchart=', 'sig1=')],
    ['a capital in the label', input.replace('sealchart=', 'Sealchart=')],
    ['a second label', `${input}, sig1=("@method");created=1`],
    ['the field twice', `${input}, ${input}`],
    ['a component more', input.replace('"content-digest")', '"content-digest" "host")')],
    ['no components', input.replace(/\(.*\)/, '()')],
    ['two spaces', input.replace('" "', '"  "')],
    ['a space before a parameter', input.replace(';created', '; created')],
    ['parameters in another order', input.replace(/(;created=\d+)(;keyid="[^"]+")/, '$2$1')],
    ['no created', input.replace(/;created=\d+/, '')],
    ['created twice', input.replace(/(;created=\d+)/, '$1$1')],
    ['created with a leading zero', input.replace('created=', 'created=0')],
    ['created as decimal', input.replace('1790000000', '1790000000.0')],
    ['created negative', input.replace('created=', 'created=-')],
    ['created too long', input.replace('1790000000', '1790000000000')],
    ['an expiry', `${input};expires=1890000000`],
    ['a nonce', `${input};nonce="a"`],
    ['an algorithm', input.replace(';tag', ';alg="ed25519";tag')],
    ['a hash as key id', input.replace(/keyid="[^"]+"/, 'keyid="a"')],
    ['capitals in the key id', input.replace(hex(chain), hex(chain).toUpperCase())],
    ['key id as token', input.replace(/keyid="([^"]+)"/, 'keyid=$1')],
    ['no tag', input.replace(/;tag="[^"]+"/, '')],
    ['another tag', input.replace('v1/request', 'v2/request')],
    ['bytes after the tag', `${input};x`],
  ])('Signature-Input: %s', async (_, value) => {
    expect(value).not.toBe(input)
    expect(await verdict({ headers: { 'signature-input': value } })).toBe('REQUEST_SIGNATURE')
  })

  it.each<[string, string | null]>([
    ['missing', null],
    ['empty', ''],
    ['another label', signature.replace('sealchart=', 'sig1=')],
    ['a second label', `${signature}, sig1=:AA==:`],
    ['the field twice', `${signature}, ${signature}`],
    ['without colons', signature.replaceAll(':', '')],
    ['URL-safe alphabet', `sealchart=:${'-'.repeat(86)}==:`],
    ['unused bits set', signature.replace(/.==:$/, 'B==:').replace(/A==:$/, 'B==:')],
    ['no padding', signature.replace('==:', ':')],
    ['63 bytes', `sealchart=:${base64(new Uint8Array(63))}:`],
    ['65 bytes', `sealchart=:${base64(new Uint8Array(65))}:`],
    ['a parameter', `${signature};a`],
  ])('Signature: %s', async (_, value) => {
    expect(value).not.toBe(signature)
    expect(await verdict({ headers: { signature: value } })).toBe('REQUEST_SIGNATURE')
  })

  it.each<[string, string | null]>([
    ['missing', null],
    ['empty', ''],
    ['twice', `${digest}, ${digest}`],
    ['with SHA-512 beside it', `${digest}, sha-512=:AA==:`],
    ['in capitals', digest.replace('sha-256', 'SHA-256')],
    ['another algorithm’s name', digest.replace('sha-256', 'sha-512')],
    ['without padding', digest.replace('=:', ':')],
    ['in hexadecimal', `sha-256=${hex(sha256(request.body))}`],
    ['with a parameter', `${digest};a`],
  ])('Content-Digest: %s', async (_, value) => {
    expect(value).not.toBe(digest)
    expect(await verdict({ headers: { 'content-digest': value } })).toBe('REQUEST_DIGEST')
  })
})

describe('the window', () => {
  const minutes = 5 * 60_000
  it.each([
    [-minutes - 1, 'REQUEST_EXPIRED'],
    [-minutes, 'accepted'],
    [-minutes + 1, 'accepted'],
    [0, 'accepted'],
    [minutes - 1, 'accepted'],
    [minutes, 'accepted'],
    [minutes + 1, 'REQUEST_EXPIRED'],
    [365 * 24 * 60 * minutes, 'REQUEST_EXPIRED'],
    [NaN, 'REQUEST_EXPIRED'],
  ])('%i ms after it was signed: %s', async (offset, code) => {
    expect(await verdict({ now: NOW + offset })).toBe(code)
  })
})

describe('signRequest refuses what a verifier would', () => {
  const attempt = (changes: object, signer: Signer = device.sign): Promise<string> =>
    codeOfAsync((): Promise<SignatureHeaders> => signRequest({ ...request, ...who, ...changes }, signer))
  it.each<[string, object]>([
    ['a method in lower case', { method: 'get' }],
    ['no method', { method: '' }],
    ['a relative URL', { url: '/v1' }],
    ['a URL that is not in its normal form', { url: 'https://relay.example/a/../b' }],
    ['a host without a path', { url: 'https://relay.example' }],
    ['a line break in the URL', { url: 'https://relay.example/\n"content-digest": x' }],
    ['a fragment', { url: 'https://relay.example/#a' }],
    ['an empty fragment', { url: 'https://relay.example/#' }],
    ['a user name', { url: 'https://me@relay.example/' }],
    ['another scheme', { url: 'file:///etc/passwd' }],
    ['a chain id of 31 bytes', { chain: new Uint8Array(31) }],
    ['a device id of 33 bytes', { device: new Uint8Array(33) }],
    ['a time before 1970', { created: -1 }],
    ['no time', { created: NaN }],
    ['a time in microseconds', { created: NOW * 1000 }],
    ['a body that is not bytes', { body: 'body' }],
    ['no body', { body: undefined }],
  ])('%s', async (_, changes) => {
    expect(await attempt(changes)).toBe('USAGE')
  })
  it('a signature of another length', async () => {
    expect(await attempt({}, () => new Uint8Array(63))).toBe('USAGE')
    expect(await attempt({})).toBe('accepted')
  })
})

describe('parseUrl', () => {
  it('says what new URL says, also after many calls', () => {
    // In UTF-8 the bytes of the first would be a letter; those of the second would be none.
    const [refused, taken] = ['https://relay.e\u00c5\u0085ample', 'https://relay.\u00fcber.example/']
    for (let i = 0; i < 20_000; i++) {
      if (parseUrl(refused) !== null || parseUrl(taken)?.hostname !== 'relay.xn--ber-goa.example')
        throw new Error(`call ${i}`)
    }
  })
})
