// A team to try rules on: an admin and two members of two institutions, and somebody outside.
import type { NextEpoch } from '../src/bodies.js'
import type { ChainId } from '../src/bytes.js'
import type { Institution, Member } from './actors.js'
import { Teams } from './teams.js'

export interface Scene {
  readonly teams: Teams
  readonly world: Teams['world']
  readonly hospital: Institution
  /** Admin of `team`, with Lee (of the hospital) and Wong in it. */
  readonly chan: Member
  readonly lee: Member
  readonly wong: Member
  /** In no team. */
  readonly ho: Member
  readonly team: ChainId
  /** A team of Chan and Lee whose key has turned once. */
  readonly turned: ChainId
}

export async function scene(): Promise<Scene> {
  const teams = await Teams.founded()
  const { world } = teams
  const hospital = await world.addInstitution('Hospital')
  const chan = await world.member('chan')
  const lee = await world.member('lee', { at: hospital })
  const [wong, ho] = [await world.member('wong'), await world.member('ho')]
  const turned = await teams.team(chan, [lee])
  await world.place(await teams.change(turned, chan, {}, { body: { epoch: teams.next(turned) } }))
  return { teams, world, hospital, chan, lee, wong, ho, turned, team: await teams.team(chan, [lee, wong]) }
}

/** The same epoch with another way back. */
export const back = (epoch: NextEpoch, to: number): NextEpoch => ({ ...epoch, back: { ...epoch.back, to } })
