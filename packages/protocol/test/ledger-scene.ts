// What the tests of the ledger share: a record between two members, and that a refused answer leaves everything as it was.
import { expect } from 'vitest'
import { type ChainId, type EntryHash, hex } from '../src/bytes.js'
import type { AnyEntry } from '../src/entry.js'
import type { ErrorCode } from '../src/errors.js'
import type { Ledger } from '../src/ledger.js'
import type { Proven } from '../src/proven.js'
import { type Member, World } from './actors.js'
import { codeOfAsync } from './support.js'

export interface Scene {
  readonly world: World
  readonly chan: Member
  readonly lee: Member
  readonly record: ChainId
  readonly grant: EntryHash
}

/** Chan shares a record with Lee. */
export async function scene(): Promise<Scene> {
  const world = await World.founded()
  const [chan, lee] = [await world.member('chan'), await world.member('lee')]
  const record = await world.record(chan, [1])
  const grant = await world.grant(record, chan, lee)
  await world.place(grant)
  return { world, chan, lee, record, grant: grant.hash }
}

/** Everything that a ledger tells, to compare before and after. */
export const snapshot = (ledger: Ledger, world: World) => {
  const chains = [...new Map(world.log.entries.map(({ entry }) => [hex(entry.chain), entry.chain])).values()]
  return {
    pins: ledger.pins(),
    known: ledger.known(),
    chains: chains.map((chain) => [ledger.head(chain), ledger.factsUnder(chain, ''), [...ledger.entries(chain)]]),
  }
}

/** The code that taking ends in, and that nothing has changed. */
export async function refuses(ledger: Ledger, given: Proven, code: ErrorCode, world: World): Promise<void> {
  const before = snapshot(ledger, world)
  expect(await codeOfAsync(() => ledger.take(given))).toBe(code)
  expect(snapshot(ledger, world)).toEqual(before)
}

/** Places an entry without asking the rules. */
export const force = (world: World, entry: AnyEntry, time = world.now): number =>
  world.log.append([{ entry, access: world.advance(entry) }], time)
