// The page of pages.test.mjs: what a vendor's page does with the SDK, to be called from the test.
import { browserVault, selftest } from '@sealchart/client-sdk'
import { FILE, nameSegment, openBytes, sealBytes, startOpening, startSealing, systemRandom } from '@sealchart/crypto'
import { openVault } from '../../../packages/client-sdk/dist/vaults/contract.js'

const violations = []
addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) =>
  violations.push(`${effectiveDirective} ${blockedURI}`),
)

const key = new Uint8Array(32).fill(1)
const aad = new Uint8Array(8)

/** What an action answers, or the code and action of the error that it ends in. */
async function outcome(action) {
  try {
    return await action()
  } catch ({ code, action: advice, message }) {
    return { code, action: advice, message }
  }
}

const unlocked = (options) => openVault(browserVault(options), systemRandom)

globalThis.page = {
  violations: () => violations,
  selftest: () => outcome(selftest),
  /** Seals and opens a small object and a segment of a file. */
  sealAndOpen: () =>
    outcome(async () => {
      const content = systemRandom(60_000)
      const same = (other) => other.every((byte, i) => byte === content[i])
      const sealing = startSealing(key, aad, { parameters: FILE, random: systemRandom })
      const segment = await sealing.sealSegment(content, 0, true)
      const name = await nameSegment(segment)
      const opened = await startOpening(key, aad, sealing.header, FILE).openSegment(segment, 0, true)
      const small = await openBytes(key, aad, await sealBytes(key, aad, content, systemRandom))
      return { name: name.length, file: same(opened), small: same(small) }
    }),
  /** A vault by passphrase, which loads the larger libsodium. */
  vault: () =>
    outcome(async () => {
      await (await unlocked({ unlock: 'correct horse' })).put('x', Uint8Array.of(5))
      return [...(await (await unlocked({ unlock: 'correct horse', existing: true })).get('x'))]
    }),
  /** Writes a little, then more than there is room for: how that ends, and what is in the vault then. */
  fill: (length) =>
    outcome(async () => {
      const keeper = await unlocked({ unlock: async () => ({ hostKey: key }), name: 'full' })
      await keeper.put('x', Uint8Array.of(5))
      const refused = await outcome(() => keeper.put('x', new Uint8Array(length)))
      return { refused, kept: [...(await keeper.get('x'))] }
    }),
  /** Adds one to a number in the vault that all tabs share, so many times. */
  count: (times) =>
    outcome(async () => {
      const keeper = await unlocked({ unlock: async () => ({ hostKey: key }), name: 'counter' })
      const read = (bytes) => (bytes ? new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) : 0)
      for (let i = 0; i < times; i++) {
        await keeper.update('count', (bytes) => {
          const next = new Uint8Array(4)
          new DataView(next.buffer).setUint32(0, read(bytes) + 1)
          return next
        })
      }
      return read(await keeper.get('count'))
    }),
}
