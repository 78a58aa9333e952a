// What is signed about a member's devices, for the tests: joining, leaving, turning the key, and the rows that belong to each entry.
import { sha256 } from '#sha256'
import type { Bodies, NextEpoch } from '../src/bodies.js'
import { type ChainId, compare } from '../src/bytes.js'
import type { AnyEntry } from '../src/entry.js'
import { enrolmentMessage } from '../src/rules/authority.js'
import { facts } from '../src/rules/facts.js'
import type { WrapLeaf } from '../src/wraps.js'
import type { Actor, Device, Over, World } from './actors.js'
import { boxKeyOf } from './support.js'
import { rowTo } from './wrap-rows.js'

type Adds = Bodies['member']['devices']['adds']

export class MemberDevices {
  readonly #world: World
  readonly member: ChainId

  constructor(world: World, member: ChainId) {
    this.#world = world
    this.member = member
  }

  /** A device as the member's. */
  as(device: Device): Actor {
    return { chain: this.member, device }
  }

  /** Devices that join, each with its consent to be this member's. */
  async joining(devices: readonly Device[], member = this.member): Promise<Adds> {
    const network = this.#world.network.chain
    const adds: Adds[number][] = []
    for (const { keys, sign } of [...devices].sort((a, b) => compare(a.id, b.id)))
      adds.push({ keys, proof: await sign(enrolmentMessage(network, member, keys)) })
    return adds
  }

  next(over: Partial<NextEpoch> = {}): NextEpoch {
    const epoch = (this.#world.fact(this.member, facts.epoch)?.epoch ?? 0) + 1
    const key = boxKeyOf(epoch) as Uint8Array as NextEpoch['key']
    return { epoch, key, back: { to: epoch - 1, sealed: Uint8Array.of(7) }, ...over }
  }

  async change(
    by: Device,
    { adds = [], removes = [] }: { readonly adds?: readonly Device[]; readonly removes?: readonly Device[] },
    over: Over<'member', 'devices'> = {},
  ): Promise<AnyEntry> {
    const { body, ...rest } = over
    return this.#world.sign({
      kind: 'member',
      type: 'devices',
      chain: this.member,
      by: this.as(by),
      ...rest,
      body: {
        adds: await this.joining(adds),
        removes: removes.map(({ id }) => id).sort(compare),
        epoch: removes.length === 0 ? null : this.next(),
        wraps: this.#world.wraps(),
        ...body,
      },
    })
  }

  refresh(by: Device, epoch = this.next(), over: Over<'member', 'refresh'> = {}): Promise<AnyEntry> {
    const body = { epoch, wraps: this.#world.wraps() }
    return this.#world.sign({ kind: 'member', type: 'refresh', chain: this.member, by: this.as(by), ...over, body })
  }

  names(by: Device, over: Over<'member', 'names'> = {}): Promise<AnyEntry> {
    return this.#world.sign({ kind: 'member', type: 'names', chain: this.member, by: this.as(by), ...over, body: {} })
  }

  /** The leaves of rows to these devices. */
  leaves(...devices: readonly Device[]): WrapLeaf[] {
    const leafTo = ({ id, keys }: Device): WrapLeaf => {
      const over = { keyHash: sha256(keys.box), sequence: 0, link: null }
      return rowTo(id as Uint8Array as ChainId, [], { keys: null, over }).leaf
    }
    return devices.map(leafTo).sort((a, b) => compare(a.recipient, b.recipient))
  }
}
