// Rules of the network's and an institution's chain, and what every entry must obey. Spec: docs/spec/rules.md.
import { beforeAll, describe, expect, it } from 'vitest'
import { ready } from '../src/ed25519.js'
import { chainIdOf } from '../src/entry.js'
import { limits } from '../src/limits.js'
import { checkList } from '../src/rules/apply.js'
import { enrolmentMessage } from '../src/rules/authority.js'
import { facts } from '../src/rules/facts.js'
import { type Actor, type Institution, idOf, type Member, newDevice, World } from './actors.js'
import { verdicts } from './expect-verdict.js'
import { codeOf } from './support.js'

beforeAll(ready)

interface Scene {
  readonly world: World
  readonly other: Institution
  readonly removed: Institution
  readonly dismissed: Actor
  readonly chan: Member
  readonly stranger: Actor
}

async function scene(): Promise<Scene> {
  const world = await World.founded()
  const other = await world.addInstitution('Hospital')
  const removed = await world.addInstitution('Closed clinic')
  const chan = await world.member('chan')
  const { network } = world
  const body = { institution: removed.chain }
  await world.place(await world.sign({ kind: 'network', type: 'remove', chain: network.chain, by: network, body }))
  const dismissed = { chain: other.chain, device: newDevice('dismissed') }
  await world.place(await world.appoint(other, dismissed.device))
  await world.place(await world.dismiss(other, dismissed, world.log.size))
  return { world, other, removed, dismissed, chan, stranger: { chain: other.chain, device: newDevice('stranger') } }
}

const relayTo = ({ world }: Scene, by: Actor, over: object = {}) =>
  world.sign({
    kind: 'network',
    type: 'relay',
    chain: world.network.chain,
    by,
    body: { relay: 'https://new.example' },
    ...over,
  })
const remove = ({ world }: Scene, institution: Institution, by: Actor = world.network) =>
  world.sign({
    kind: 'network',
    type: 'remove',
    chain: world.network.chain,
    by,
    body: { institution: institution.chain },
    restsOn: [by.chain],
  })

describe('every entry', () => {
  const at = (offset: number) => (s: Scene) => relayTo(s, s.world.network, { time: s.world.now + offset })
  verdicts(scene, [
    ['five minutes early', 'accepted', at(-limits.clockSkew)],
    ['five minutes late', 'accepted', at(limits.clockSkew)],
    ['a millisecond more', 'CLOCK', at(limits.clockSkew + 1)],
    ['a millisecond earlier', 'CLOCK', at(-limits.clockSkew - 1)],
    [
      'has seen the log as it is',
      'accepted',
      (s) => relayTo(s, s.world.network, { seen: { size: s.world.log.size, root: idOf('any') } }),
    ],
    [
      'has seen a larger log',
      'RULE',
      (s) => relayTo(s, s.world.network, { seen: { size: s.world.log.size + 1, root: idOf('any') } }),
    ],
    ['is a second founding', 'SEQ', (s) => relayTo(s, s.world.network, { sequence: 0, previous: null })],
    ['names no predecessor', 'CHAIN', (s) => relayTo(s, s.world.network, { previous: null })],
    [
      'rests on a chain twice',
      'RULE',
      (s) => {
        const rest = s.world.rest(s.other.chain)
        return relayTo(s, s.world.network, { rests: [rest, rest] })
      },
    ],
    [
      'rests on its own chain',
      'RULE',
      (s) => relayTo(s, s.world.network, { rests: [s.world.rest(s.world.network.chain)] }),
    ],
    [
      'rests on a member’s chain, without need',
      'accepted',
      (s) => relayTo(s, s.world.network, { restsOn: [s.chan.chain] }),
    ],
    [
      'rests on a chain that nobody founded',
      'RULE',
      (s) => relayTo(s, s.world.network, { rests: [{ ...s.world.rest(s.other.chain), chain: idOf('no chain') }] }),
    ],
  ])

  it('a founding that is not the first entry', async () => {
    const world = await World.founded()
    const { entry, actor } = await world.institutionFound('Late')
    if (entry.kind !== 'institution' || entry.type !== 'found') throw new Error('not a founding')
    const late = { kind: 'institution', type: 'found', chain: entry.chain, by: actor, body: entry.body } as const
    expect(await world.code(await world.sign({ ...late, sequence: 1 }))).toBe('SEQ')
    expect(await world.code(await world.sign({ ...late, previous: idOf('before') }))).toBe('CHAIN')
  })
})

describe('network', () => {
  const admitted = async (s: Scene, over = {}) => {
    const { entry } = await s.world.institutionFound('New clinic')
    return s.world.admit(entry, over)
  }
  verdicts(scene, [
    ['the root admits', 'accepted', (s) => admitted(s)],
    ['an institution’s root admits', 'ROLE', (s) => admitted(s, { by: s.other, restsOn: [s.other.chain] })],
    [
      'a device that the network does not list',
      'BINDING',
      (s) => admitted(s, { by: { chain: s.world.network.chain, device: newDevice('no root') } }),
    ],
    ['a member admits', 'ROLE', (s) => admitted(s, { by: s.chan, restsOn: [s.chan.chain] })],
    ['its own chain is not among those named', 'RULE', (s) => admitted(s, { by: s.other })],
    ['admits twice', 'RULE', (s) => admitted(s, { body: { institution: s.other.chain } })],
    ['admits again what was removed', 'RULE', (s) => admitted(s, { body: { institution: s.removed.chain } })],
    ['removes', 'accepted', (s) => remove(s, s.other)],
    ['removes twice', 'RULE', (s) => remove(s, s.removed)],
    ['somebody else removes', 'ROLE', (s) => remove(s, s.other, s.removed)],
    ['removes what was never admitted', 'RULE', (s) => remove(s, { ...s.other, chain: idOf('no institution') })],
    ['sets the relay’s address', 'accepted', (s) => relayTo(s, s.world.network)],
    ['somebody else sets it', 'ROLE', (s) => relayTo(s, s.other, { restsOn: [s.other.chain] })],
  ])

  it('is founded by the device whose id, with the nonce, gives the chain’s', async () => {
    const world = await World.founded()
    const device = newDevice('another root')
    const nonce = idOf('nonce')
    const { keys } = device
    const body = { keys, nonce, name: 'Other', origin: 'o', logKey: idOf('key'), relay: 'r' }
    const own = { chain: chainIdOf(null, device.id, nonce), device }
    const found = (by: Actor, chain = own.chain) => world.sign({ kind: 'network', type: 'found', chain, by, body })
    // A network of its own is well formed, but not the one that is verified here.
    expect(await world.code(await found(own))).toBe('BINDING')
    expect(await world.code(await found({ ...own, chain: world.network.chain }, world.network.chain))).toBe('BINDING')
    expect(await world.code(await found({ chain: own.chain, device: newDevice('third') }))).toBe('BINDING')
  })
})

describe('institution', () => {
  const appoint = (s: Scene, over: object = {}) => s.world.appoint(s.other, newDevice('new issuer'), over)
  verdicts(scene, [
    ['is founded', 'accepted', async (s) => (await s.world.institutionFound('New')).entry],
    ['the root appoints', 'accepted', (s) => appoint(s)],
    ['an issuer appoints', 'ROLE', (s) => appoint(s, { by: s.other.issuer })],
    ['a dismissed issuer appoints', 'ROLE', (s) => appoint(s, { by: s.dismissed })],
    ['somebody who is not listed appoints', 'BINDING', (s) => appoint(s, { by: s.stranger })],
    [
      'another institution’s root appoints',
      'ROLE',
      (s) => appoint(s, { by: s.world.institution, restsOn: [s.world.institution.chain] }),
    ],
    ['appoints a device twice', 'RULE', (s) => s.world.appoint(s.other, s.other.issuer.device)],
    ['appoints its own root', 'RULE', (s) => s.world.appoint(s.other, s.other.device)],
    ['appoints the dismissed again', 'RULE', (s) => s.world.appoint(s.other, s.dismissed.device)],
    ['without the issuer’s signature', 'BINDING', (s) => appoint(s, { body: { proof: new Uint8Array(64) } })],
    [
      'with a signature for another institution',
      'BINDING',
      async (s) => {
        const device = newDevice('new issuer')
        const message = enrolmentMessage(s.world.network.chain, s.removed.chain, device.keys)
        return appoint(s, { body: { proof: await device.sign(message) } })
      },
    ],
    [
      'with keys that the signer does not hold',
      'BINDING',
      (s) => appoint(s, { body: { keys: newDevice('somebody else').keys } }),
    ],
    ['the root dismisses', 'accepted', (s) => s.world.dismiss(s.other, s.other.issuer, s.world.log.size)],
    ['from the beginning of the log', 'accepted', (s) => s.world.dismiss(s.other, s.other.issuer, 0)],
    [
      'from a place that the log does not have',
      'RULE',
      (s) => s.world.dismiss(s.other, s.other.issuer, s.world.log.size + 1),
    ],
    ['the dismissed, from earlier', 'accepted', (s) => s.world.dismiss(s.other, s.dismissed, 0)],
    [
      'the dismissed, from the same place',
      'RULE',
      async (s) => {
        const device = await s.world.dismiss(s.other, s.other.issuer, 3)
        await s.world.place(device)
        return s.world.dismiss(s.other, s.other.issuer, 3)
      },
    ],
    ['the dismissed, from later', 'RULE', (s) => s.world.dismiss(s.other, s.dismissed, s.world.log.size)],
    ['the root itself', 'RULE', (s) => s.world.dismiss(s.other, s.other, 0)],
    ['somebody who is no issuer', 'RULE', (s) => s.world.dismiss(s.other, s.stranger, 0)],
    ['an issuer dismisses', 'ROLE', (s) => s.world.dismiss(s.other, s.dismissed, 0, s.other.issuer)],
  ])

  it('is founded by the device whose id, with the nonce, gives the chain’s', async () => {
    const world = await World.founded()
    const { entry, actor } = await world.institutionFound('New')
    if (entry.kind !== 'institution' || entry.type !== 'found') throw new Error('not a founding')
    const again = (by: Actor, body = entry.body) =>
      world.sign({ kind: 'institution', type: 'found', chain: entry.chain, by, body })
    expect(await world.code(await again(actor))).toBe('accepted')
    expect(await world.code(await again(actor, { ...entry.body, nonce: idOf('other') }))).toBe('BINDING')
    expect(await world.code(await again({ chain: world.network.chain, device: actor.device }))).toBe('BINDING')
    expect(await world.code(await again({ chain: entry.chain, device: newDevice('other') }))).toBe('BINDING')
  })
})

describe('a chain has one kind', () => {
  // Each entry is signed by somebody who may sign such an entry on a chain of its own kind.
  const credentialOn =
    (chain: (s: Scene) => Promise<Uint8Array> | Uint8Array, over: object = {}) =>
    async (s: Scene) =>
      s.world.credential((await chain(s)) as Actor['chain'], s.other.issuer, over)
  let record: Promise<Actor['chain']> | null = null
  const recordOf = (s: Scene) => (record ??= s.world.record(s.chan))
  const viewed = async (s: Scene) => {
    const id = await recordOf(s)
    if (s.world.accessHead(id).sequence === 0) await s.world.place(await s.world.view(id, s.chan, null))
    return s.world.accessHead(id).chain
  }
  verdicts(scene, [
    ['a credential on a record', 'BINDING', credentialOn(recordOf)],
    ['a credential on an access log', 'BINDING', credentialOn(viewed)],
    ['a credential on an institution', 'BINDING', credentialOn((s) => s.world.institution.chain)],
    ['a credential on the network', 'BINDING', credentialOn((s) => s.world.network.chain)],
    [
      'an appointment on the network',
      'BINDING',
      (s) => s.world.appoint(s.world.network, newDevice('issuer of the network')),
    ],
    [
      'an admission on an institution',
      'BINDING',
      (s) =>
        s.world.sign({
          kind: 'network',
          type: 'relay',
          chain: s.other.chain,
          by: s.other,
          body: { relay: 'https://other.example' },
        }),
    ],
  ])
})

describe('what no entry can say alone', () => {
  it('a member’s founding comes with credential and acceptance', async () => {
    const world = await World.founded()
    const device = newDevice('lee')
    const found = await world.memberFound(device)
    world.advance(found)
    const credential = await world.credential(found.chain, world.institution.issuer)
    world.advance(credential)
    const accept = await world.accept({ chain: found.chain, device }, credential.hash)
    const other = await world.memberFound(newDevice('wong'))
    for (const [list, code] of [
      [[found, credential, accept], 'accepted'],
      [[found, other, credential, accept], 'RULE'],
      [[found, credential], 'RULE'],
      [[found, accept], 'RULE'],
      [[found], 'RULE'],
      [[credential, accept, found], 'RULE'],
      [[credential, accept], 'accepted'],
      [[], 'accepted'],
    ] as const) {
      expect(codeOf(() => checkList(list))).toBe(code)
    }
  })

  it('an institution’s founding comes with its admission', async () => {
    const world = await World.founded()
    const { entry } = await world.institutionFound('New')
    const { entry: second } = await world.institutionFound('New')
    const admit = await world.admit(entry)
    for (const [list, code] of [
      [[entry, admit], 'accepted'],
      [[entry], 'RULE'],
      [[admit, entry], 'RULE'],
      [[second, admit], 'RULE'],
      [[entry, await world.admit(entry, { body: { founding: second.link } })], 'RULE'],
      [[entry, await world.admit(second, { body: { founding: entry.link } })], 'RULE'],
      [[admit], 'accepted'],
    ] as const) {
      expect(codeOf(() => checkList(list))).toBe(code)
    }
  })
})

it('an institution founded otherwise than it was admitted issues nothing', async () => {
  const world = await World.founded()
  const { entry, actor } = await world.institutionFound('Hospital')
  await world.place(entry, await world.admit(entry, { body: { founding: world.rest(world.network.chain).link } }))
  const chan = await world.member('chan')
  expect(await world.code(await world.credential(chan.chain, actor))).toBe('BINDING')
})

it('facts of a network say what its entries said', async () => {
  const { world, other, removed } = await scene()
  const { network } = world
  const admission = world.fact(network.chain, facts.institution(other.chain))
  expect(admission).toMatchObject({ founding: world.fact(other.chain, facts.founded)?.link, removed: null })
  expect(world.fact(network.chain, facts.institution(removed.chain))?.removed).toBeGreaterThan(0)
  expect(world.fact(network.chain, facts.relay)).toBe('https://relay.example')
  expect(world.fact(other.chain, facts.name)).toBe('Hospital')
  expect(world.fact(network.chain, facts.founded)?.kind).toBe(1)
})
