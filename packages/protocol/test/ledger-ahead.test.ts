// Signatures that were verified before the ledger asks. Spec: docs/spec/rules.md, "Verifying". A verdict may save work and nothing else.
import { beforeAll, describe, expect, it } from 'vitest'
import { type VerifySignatures, verifyAhead } from '../src/ahead.js'
import { hex } from '../src/bytes.js'
import { ready } from '../src/ed25519.js'
import { type AnyEntry, decodeEntry, is, isSigned } from '../src/entry.js'
import { Ledger } from '../src/ledger.js'
import type { NetworkPin } from '../src/pins.js'
import { verifyProven } from '../src/proven.js'
import { force, refuses, scene, snapshot } from './ledger-scene.js'
import { codeOfAsync } from './support.js'

beforeAll(ready)

const honest: VerifySignatures = async (network, entries) => entries.map((entry) => isSigned(entry, network))
const ledgerWith = (network: NetworkPin, verifySignatures: VerifySignatures): Ledger =>
  new Ledger(network, undefined, { verifySignatures })

/** The same entry with a signature that is nobody's. */
function unsigned({ bytes }: AnyEntry): AnyEntry {
  const changed = new Uint8Array(bytes)
  changed[changed.length - 1] = (changed.at(-1) as number) ^ 1
  return decodeEntry(changed)
}

describe('verdicts', () => {
  it('are asked for every entry but the founding of the network, in their order', async () => {
    const { world } = await scene()
    const asked: Uint8Array[] = []
    const counting: VerifySignatures = (network, entries) => {
      asked.push(...entries.map(({ bytes }) => bytes))
      return honest(network, entries)
    }
    const given = world.log.proven()
    await ledgerWith(world.pin, counting).take(given)
    const name = (bytes: Uint8Array): string => hex(decodeEntry(bytes).hash)
    const founds = ({ bytes }: { bytes: Uint8Array }) => is(decodeEntry(bytes), 'network', 'found')
    expect(given.entries.filter(founds)).toHaveLength(1)
    const others = given.entries.filter((entry) => !founds(entry))
    expect(asked.map(name)).toEqual(others.map(({ bytes }) => name(bytes)))
  })

  it('leave the ledger as it is without them', async () => {
    const { world } = await scene()
    const [one, other] = [ledgerWith(world.pin, honest), world.ledger()]
    await Promise.all([one.take(world.log.proven()), other.take(world.log.proven())])
    expect(snapshot(one, world)).toEqual(snapshot(other, world))
  })

  it('know the devices that an earlier answer listed', async () => {
    const { world, chan, record } = await scene()
    const verdicts: boolean[][] = []
    const keeping: VerifySignatures = async (network, entries) => {
      verdicts.push(entries.map((entry) => isSigned(entry, network)))
      return verdicts.at(-1) as boolean[]
    }
    const ledger = ledgerWith(world.pin, keeping)
    await ledger.take(world.log.proven())
    await world.place(await world.publish(record, chan, [1]))
    const seen = ledger.tree?.size as number
    await ledger.take(world.log.proven(({ index }) => index >= seen, { seen }))
    expect(verdicts[1]).toEqual([true])
  })
})

it('a verdict saves a verification: what it calls signed is believed', async () => {
  const { world, chan, record } = await scene()
  force(world, unsigned(await world.publish(record, chan, [1])))
  const credulous: VerifySignatures = async (_, entries) => entries.map(() => true)
  expect(await codeOfAsync(() => ledgerWith(world.pin, credulous).take(world.log.proven()))).toBe('accepted')
})

it('a verdict refuses nothing: what it calls bad is verified again', async () => {
  const { world } = await scene()
  const bad: VerifySignatures = async (_, entries) => entries.map(() => false)
  expect(await codeOfAsync(() => ledgerWith(world.pin, bad).take(world.log.proven()))).toBe('accepted')
})

describe('a bad signature is SIG', () => {
  const verifiers: [string, VerifySignatures][] = [
    ['with honest verdicts', honest],
    ['without verdicts', async () => []],
    ['with verdicts for some', async (network, entries) => (await honest(network, entries)).slice(0, 3)],
    ['with one who fails', () => Promise.reject(new Error('the thread ended'))],
  ]
  it.each(verifiers)('%s', async (_, verifySignatures) => {
    const { world, chan, record } = await scene()
    force(world, unsigned(await world.publish(record, chan, [1])))
    await refuses(ledgerWith(world.pin, verifySignatures), world.log.proven(), 'SIG', world)
  })

  it('before the refusal of a later entry, and after that of an earlier one', async () => {
    const { world, chan, record } = await scene()
    const good = await world.publish(record, chan, [1])
    const gap = await world.publish(record, chan, [1], { sequence: good.sequence + 5 })
    const orders: [AnyEntry[], string][] = [
      [[unsigned(good), gap], 'SIG'],
      [[gap, unsigned(good)], 'LOG_MISSING'],
    ]
    for (const [entries, code] of orders) {
      const log = world.log.copy()
      for (const entry of entries) log.append([{ entry, access: null }], world.now)
      expect(await codeOfAsync(() => ledgerWith(world.pin, honest).take(log.proven()))).toBe(code)
    }
  })
})

it('a verdict under another key than the rules name says nothing', async () => {
  const { world, chan } = await scene()
  const { placed } = verifyProven(world.log.proven(), world.pin.log, null)
  const wrong = new Uint8Array(32)
  const listed = () => wrong
  const accepts = placed.filter(({ entry }) => is(entry, 'member', 'accept'))
  const isVerified = await verifyAhead(accepts, world.pin.chain, listed, async (_, entries) => entries.map(() => true))
  for (const { entry } of accepts) {
    expect(isVerified(entry, wrong)).toBe(true)
    expect(isVerified(entry, chan.device.keys.sign)).toBe(false)
  }
  expect(accepts.length).toBeGreaterThan(0)
})
