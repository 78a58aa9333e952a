// Heads of recipients in a wrap list: as of a log size of the last ten minutes. Spec: docs/spec/relay.md, "The gate".
import { describe, expect, it } from 'vitest'
import {
  attached,
  backTo,
  foundedWorld,
  fresh,
  type Member,
  newDevice,
  refusal,
  row,
  type World,
  wrapList,
} from './actors.js'

const MINUTES = 60_000

/** One more entry on a member's chain, and nothing of hers changed by it. */
async function renew(world: World, { chain }: Member): Promise<void> {
  const { institution } = world
  const body = {
    institution: institution.chain,
    claims: [],
    registration: null,
    notBefore: world.now,
    until: world.now + 86_400_000,
  }
  const rests = [institution.chain, world.network.chain]
  await world.append([
    { entry: await world.sign(institution, { kind: 'member', chain, type: 'credential', body, rests }) },
  ])
}

/** A revocation of Wong's grant that wraps to Lee as she stood; `tell` takes her head on, and `asOf` is what the entry says. */
async function scene() {
  const world = await foundedWorld()
  const [chan, lee, wong] = [await world.member('Chan'), await world.member('Lee'), await world.member('Wong')]
  const record = await world.record(chan)
  const grant = await world.grant(record, lee)
  const ended = await world.grant(record, wong)
  const size = async (): Promise<number> => (await world.store.treeHead())?.size as number
  const before = world.target(lee, [])
  const revoke = async (asOf: number, keyHash = before.keyHash) => {
    const epochs = [0, 1].map((section) => ({ section, epoch: 1 }))
    const card = fresh(200)
    const what = [{ grant, keys: epochs, trail: null }]
    const wraps = wrapList(
      [
        row(world.target(chan, [{ grant: record.create, keys: epochs, trail: 1 }]), fresh(120)),
        row({ ...before, keyHash, what }, fresh(120)),
      ],
      asOf,
    )
    const entry = await world.sign(chan, {
      kind: 'record',
      chain: record.id,
      type: 'revoke',
      body: {
        credential: chan.credential,
        mode: 'revoke',
        grants: [ended],
        trail: { epoch: 1, key: (await newDevice()).keys.box, back: backTo(0) },
        epochs: epochs.map((one) => ({ ...one, commitment: fresh(32), back: backTo(0), until: null })),
        contents: [{ section: 0, epoch: 1, object: attached(card, 0) }],
        wraps: wraps.ref,
      },
      rests: world.authorities(chan),
    })
    return world.tryAppend([{ entry, attachments: [card, wraps.bytes] }])
  }
  return { world, chan, lee, size, revoke }
}

describe('a wrap to a head that has moved', () => {
  it('is taken when it was the head at the size that the entry names', async () => {
    const { world, lee, size, revoke } = await scene()
    const asOf = await size()
    await renew(world, lee)
    expect((await revoke(asOf)).status).toBe(200)
  })

  it('is taken until ten minutes after it moved, and not a moment longer', async () => {
    const { world, lee, size, revoke } = await scene()
    const asOf = await size()
    world.now += 60 * MINUTES
    await renew(world, lee)
    world.now += 10 * MINUTES + 1
    expect(refusal(await revoke(asOf)).code).toBe('WRAPS')
    world.now -= 1
    expect((await revoke(asOf)).status).toBe(200)
  })

  it('is refused for a size at which another entry was the head', async () => {
    const { world, lee, size, revoke } = await scene()
    await renew(world, lee)
    expect(refusal(await revoke(await size())).code).toBe('WRAPS')
    expect(refusal(await revoke(0)).code).toBe('WRAPS')
  })

  it('is refused for another key than the newest', async () => {
    const { world, lee, size, revoke } = await scene()
    const asOf = await size()
    await renew(world, lee)
    expect(refusal(await revoke(asOf, fresh(32))).code).toBe('WRAPS')
  })

  it('is refused when what moved it is that she was withdrawn', async () => {
    const { world, lee, size, revoke } = await scene()
    const asOf = await size()
    await world.withdraw(lee)
    // She gets no row any more.
    expect(refusal(await revoke(asOf)).code).toBe('WRAPS')
  })
})
