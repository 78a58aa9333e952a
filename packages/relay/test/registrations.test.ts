// Registration numbers and a network's quorum at the relay: what a list must hold together, who may see, who is told, who is a stranger.
// Spec: docs/spec/rules.md, "Registration", "Network", "Lists"; docs/spec/relay.md, "Permissions", "Notices".
import {
  type Bodies,
  type ChainId,
  chainIdOf,
  type Digest,
  decodeEntry,
  hex,
  inboxAnswer,
  inboxRequest,
  paths,
  registrationChainOf,
  registrationHash,
  syncAnswer,
  syncRequest,
} from '@sealchart/protocol'
import { describe, expect, it } from 'vitest'
import {
  type Draft,
  foundedWorld,
  fresh,
  type Member,
  newDevice,
  read,
  refusal,
  type Signer,
  type World,
} from './actors.js'

const NUMBER = 'M01234'
type Said<T extends keyof Bodies['registration']> = {
  type: T
  body: Bodies['registration'][T]
  rests: readonly ChainId[]
}

class Registration {
  readonly #world: World
  readonly hash: Digest
  readonly chain: ChainId

  constructor(world: World, number = NUMBER) {
    this.#world = world
    this.hash = registrationHash(world.network.chain, 'hk-mchk', number)
    this.chain = registrationChainOf(world.network.chain, this.hash)
  }

  /** A further credential of a member for the number, and its acceptance: what she says of it comes behind them. */
  async issued(member: Member, said: 'bind' | 'propose'): Promise<{ drafts: Draft[]; member: Member }> {
    const world = this.#world
    const { chain } = member
    const [institution, network] = [world.institution.chain, world.network.chain]
    const body = {
      institution,
      claims: [],
      registration: this.hash,
      notBefore: world.now - 1000,
      until: world.now + 1e9,
    }
    const rests = [institution, network]
    const credential = await world.sign(world.institution, { kind: 'member', chain, type: 'credential', body, rests })
    const after = { chain, sequence: credential.sequence, link: credential.link }
    const accepts = { kind: 'member', chain, type: 'accept', body: { credential: credential.hash }, after } as const
    const accept = await world.sign(member, accepts)
    const before = world.head(chain)
    world.took(accept)
    const own = await this.say(member, { type: said, body: { credential: credential.hash }, rests: [chain, ...rests] })
    world.heads.set(hex(chain), before)
    return {
      drafts: [{ entry: credential }, { entry: accept }, own],
      member: { ...member, credential: credential.hash },
    }
  }

  async say<T extends keyof Bodies['registration']>(by: Signer, { type, body, rests }: Said<T>): Promise<Draft> {
    return { entry: await this.#world.sign(by, { kind: 'registration', chain: this.chain, type, body, rests }) }
  }
}

async function scene(): Promise<{ world: World; number: Registration; chan: Member; lee: Member }> {
  const world = await foundedWorld()
  const [chan, lee] = [await world.member('chan'), await world.member('lee')]
  const number = new Registration(world)
  const { drafts, member } = await number.issued(chan, 'bind')
  await world.append(drafts)
  return { world, number, chan: member, lee }
}

const synced = async (world: World, chain: ChainId, as?: Signer) => {
  const want = [{ chain, after: 0 }]
  const answer = await world.post(paths.sync, syncRequest, { seen: 0, want, have: [] }, as)
  const { proven } = read(syncAnswer, answer)
  return proven.entries.map(({ bytes }) => decodeEntry(bytes)).filter((entry) => entry.kind === 'registration')
}

const newsOf = async (world: World, as: Signer): Promise<readonly string[]> => {
  const answer = await world.post(paths.inbox, inboxRequest, { after: 0, limit: 100, wait: 0 }, as)
  return read(inboxAnswer, answer).notices.map(({ chain }) => hex(chain))
}

describe('a registration number', () => {
  it('comes in one list with its credential', async () => {
    const world = await foundedWorld()
    const chan = await world.member('chan')
    const { drafts } = await new Registration(world).issued(chan, 'bind')
    expect(refusal(await world.tryAppend(drafts.slice(0, 2))).code).toBe('RULE')
    expect(refusal(await world.tryAppend(drafts.slice(0, 1))).code).toBe('RULE')
    await world.append(drafts)
  })

  it('is bound to one member', async () => {
    const { world, number, lee } = await scene()
    const { drafts } = await number.issued(lee, 'bind')
    expect(refusal(await world.tryAppend(drafts)).code).toBe('BINDING')
  })

  it('is seen by every listed device, and by nobody else', async () => {
    const { world, number, lee } = await scene()
    expect(await synced(world, number.chain, lee)).toHaveLength(1)
    expect(await synced(world, number.chain, world.institution)).toHaveLength(1)
    expect(await synced(world, number.chain)).toHaveLength(0)
  })

  it('tells its member who wants it, and who wants it that she objects', async () => {
    const { world, number, chan, lee } = await scene()
    const { drafts } = await number.issued(lee, 'propose')
    await world.append(drafts)
    const chain = hex(number.chain)
    expect(await newsOf(world, chan)).toEqual([chain])
    expect(await newsOf(world, lee)).toEqual([])
    const proposal = (drafts[2] as Draft).entry.hash
    const rests = [chan.chain, world.institution.chain, world.network.chain]
    const body = { proposal, credential: chan.credential }
    await world.append([await number.say(chan, { type: 'object', body, rests })])
    expect(await newsOf(world, lee)).toEqual([chain])
    expect(await newsOf(world, chan)).toEqual([chain])
  })

  it('tells who gets it', async () => {
    const { world, number, chan, lee } = await scene()
    const { drafts, member } = await number.issued(lee, 'propose')
    await world.append(drafts)
    const body = { member: lee.chain, credential: member.credential }
    const rests = [chan.chain, lee.chain, world.institution.chain, world.network.chain]
    await world.append([await number.say(chan, { type: 'rebind', body, rests })])
    expect(await newsOf(world, lee)).toEqual([hex(number.chain)])
  })
})

describe('an institution that waits for its admission', () => {
  it('is founded together with the proposal, and is a stranger until it is admitted', async () => {
    const world = await foundedWorld()
    const chan = await world.member('chan')
    const { network, institution } = world
    const device = await newDevice()
    const nonce = fresh(32)
    const chain = chainIdOf(network.chain, device.id, nonce)
    const third = { chain, device }
    const founded = { keys: device.keys, nonce, name: 'Third' }
    const founding = await world.sign(third, { kind: 'institution', chain, type: 'found', body: founded })
    const place = { kind: 'network', chain: network.chain } as const
    const admit = { institution: chain, founding: founding.link }
    const asked = { admit, remove: null, quorum: null }
    const proposal = await world.sign(network, { ...place, type: 'propose', body: asked })
    expect(refusal(await world.tryAppend([{ entry: founding }])).code).toBe('RULE')
    await world.append([{ entry: founding }, { entry: proposal }])
    const asks = () =>
      world.post(paths.sync, syncRequest, { seen: 0, want: [{ chain: chan.chain, after: 0 }], have: [] }, third)
    expect(refusal(await asks()).code).toBe('REQUEST_SIGNATURE')

    // One decides, and admits.
    const decided = async (hash: typeof proposal.hash) => {
      const rests = [institution.chain]
      const approve = { ...place, type: 'approve', body: { proposal: hash }, rests } as const
      await world.append([{ entry: await world.sign(institution, approve) }])
      const body = { proposal: hash, approvals: [institution.chain] }
      await world.append([{ entry: await world.sign(network, { ...place, type: 'settle', body, rests }) }])
    }
    const quorum = await world.sign(network, {
      ...place,
      type: 'propose',
      body: { admit: null, remove: null, quorum: 1 },
    })
    await world.append([{ entry: quorum }])
    await decided(quorum.hash)
    const alone = await world.sign(network, { ...place, type: 'admit', body: admit })
    expect(refusal(await world.tryAppend([{ entry: alone }])).code).toBe('ROLE')
    await decided(proposal.hash)
    expect((await asks()).status).toBe(200)
  })
})
