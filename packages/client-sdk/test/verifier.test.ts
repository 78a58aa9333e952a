// Signatures of long answers on worker threads: the same verdicts as here. The ledger's side: packages/protocol/test/ledger-ahead.test.ts.
import { type DeviceSeed, deviceFromSeed, ready as readyCrypto } from '@sealchart/crypto'
import { type ChainId, chainIdOf, isSigned, ready, type SignedEntry, signEntry } from '@sealchart/protocol'
import { beforeAll, expect, it } from 'vitest'
import { verifySignatures } from '../dist/verifier-node.js'
import { verifySignatures as inBrowsers } from '../src/verifier-web.js'

beforeAll(async () => {
  await Promise.all([ready(), readyCrypto()])
})

const network = new Uint8Array(32).fill(1) as Uint8Array as ChainId
const COUNT = 600

/** Entries of a member's device; every seventh is signed for another network. */
async function entries(): Promise<SignedEntry[]> {
  const device = deviceFromSeed(new Uint8Array(32).fill(3) as Uint8Array as DeviceSeed)
  const chain = chainIdOf(network, device.id, new Uint8Array(32))
  const statement = { kind: 'member', chain, seen: null, restsOn: [], type: 'accept', private: null } as const
  const place = { previous: new Uint8Array(32) as never, time: 1 }
  const other = new Uint8Array(32).fill(2) as Uint8Array as ChainId
  const sign = async (_: unknown, i: number): Promise<SignedEntry> => {
    const body = { credential: new Uint8Array(32).fill(i) as never }
    const entry = await signEntry(
      { ...statement, ...place, sequence: i + 1, body },
      { chain, device: device.id, sign: device.sign },
      i % 7 === 0 ? other : network,
    )
    return { bytes: entry.bytes, signKey: device.keys.sign }
  }
  return Promise.all(Array.from({ length: COUNT }, sign))
}

it('answers each entry as one thread does', async () => {
  const all = await entries()
  const verdicts = await verifySignatures?.(network, all)
  expect(verdicts).toEqual(all.map((entry) => isSigned(entry, network)))
  expect(verdicts?.filter(Boolean)).toHaveLength(COUNT - Math.ceil(COUNT / 7))
})

it('gives no verdict on few entries', async () => {
  expect(await verifySignatures?.(network, (await entries()).slice(0, 5))).toEqual([])
})

it('fails as a whole when a thread can’t read an entry', async () => {
  const all = await entries()
  const torn = all.map((entry, i) => (i === 400 ? { ...entry, bytes: entry.bytes.slice(0, 10) } : entry))
  await expect(verifySignatures?.(network, torn)).rejects.toThrow()
})

it('is absent where there are no threads', () => {
  expect(inBrowsers).toBeUndefined()
})
