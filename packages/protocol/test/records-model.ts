// What the rules of a record come to, as sets and counters: nothing of entries, links, proofs or keys. Readers are 0, 1, 2; TEAM is the one
// team. The rules of docs/spec/rules.md, "Record" and "Grants", said a second time.
import { limits } from '../src/limits.js'

export const NEVER = Number.POSITIVE_INFINITY
export const TEAM = 3

export interface ModelGrant {
  /** A reader, or TEAM. */
  readonly to: number
  readonly sections: readonly number[]
  readonly write: boolean
  readonly share: boolean
  readonly begins: number
  readonly until: number
  /** The grant that it shares on. */
  readonly from: ModelGrant | null
  ended: boolean
}

export interface Model {
  time: number
  version: number
  /** By section, 0 the card: its epoch, and when the first of those who hold its key loses it. */
  readonly epochs: number[]
  readonly ends: number[]
  readonly grants: ModelGrant[]
  /** Readers and TEAM. */
  readonly opened: Set<number>
  /** Readers in the team. */
  readonly roster: Set<number>
  team: 'open' | 'stale' | 'closed'
}

export const newModel = (time: number, roster: readonly number[]): Model => ({
  time,
  version: 1,
  epochs: [0, 0, 0],
  ends: [NEVER, NEVER, NEVER],
  grants: [],
  opened: new Set(),
  roster: new Set(roster),
  team: 'open',
})

/** What a grant comes from, the nearest first. */
export function ancestors({ from }: ModelGrant): ModelGrant[] {
  return from === null ? [] : [from, ...ancestors(from)]
}

/** A grant, and all that come from it. */
export const endedWith = ({ grants }: Model, grant: ModelGrant): ModelGrant[] =>
  grants.filter((one) => one === grant || ancestors(one).includes(grant))

/** Whether a grant has neither ended nor expired, nor anything ended that it comes from. */
export const isLive = ({ time }: Model, grant: ModelGrant): boolean =>
  grant.until > time && ![grant, ...ancestors(grant)].some(({ ended }) => ended)

const isClosed = ({ team }: Model, { to }: ModelGrant): boolean => to === TEAM && team === 'closed'

/** Whether keys under a grant go to anybody. */
export const isReached = (model: Model, grant: ModelGrant): boolean =>
  ![grant, ...ancestors(grant)].some((one) => isClosed(model, one))

/** Whether a reader may act under a grant: a code, or 'accepted'. */
export function held(model: Model, who: number, grant: ModelGrant): string {
  if (model.time < grant.begins) return 'NOT_GRANTED'
  if (grant.ended || grant.until <= model.time) return 'GRANT_ENDED'
  for (const earlier of ancestors(grant)) {
    if (earlier.ended) return 'GRANT_ENDED'
    if (isClosed(model, earlier)) return 'TEAM_CLOSED'
  }
  if (isClosed(model, grant)) return 'TEAM_CLOSED'
  return (grant.to === TEAM ? model.roster.has(who) : grant.to === who) ? 'accepted' : 'NOT_GRANTED'
}

const isNarrower = (grant: ModelGrant, than: ModelGrant): boolean =>
  than.share &&
  (than.write || !grant.write) &&
  grant.sections.every((section) => than.sections.includes(section)) &&
  grant.begins >= than.begins &&
  grant.until <= than.until

/** What a grant by a reader (null: the founder) ends in. */
export function granting(model: Model, by: number | null, grant: ModelGrant): string {
  const { from, to, begins, until, sections } = grant
  if (by !== null && from !== null) {
    const may = held(model, by, from)
    if (may !== 'accepted') return may
  }
  if (to === by || until <= model.time || until <= begins) return 'RULE'
  if (from !== null && !isNarrower(grant, from)) return 'NOT_GRANTED'
  if (ancestors(grant).length > limits.sharedOn) return 'LIMIT'
  if (to === TEAM && model.team !== 'open') return model.team === 'closed' ? 'TEAM_CLOSED' : 'STALE_EPOCH'
  return sections.every((section) => section < model.epochs.length) ? 'accepted' : 'RULE'
}

/** What publishing a section ends in, by the founder (no grant), or by a reader. */
export function publishing(
  model: Model,
  under: { readonly grant: ModelGrant; readonly who: number } | null,
  section: number,
  leavesOver: boolean,
): string {
  if (under !== null) {
    const may = held(model, under.who, under.grant)
    if (may !== 'accepted') return may
    if (!under.grant.write || !under.grant.sections.includes(section)) return 'NOT_GRANTED'
  }
  return leavesOver ? 'STALE_EPOCH' : 'accepted'
}

const holds = (grant: ModelGrant, section: number): boolean => section === 0 || grant.sections.includes(section)

/** When the first of those loses a section's key who would get it now, if one grant ended. */
export const earliest = (model: Model, section: number, without?: ModelGrant): number =>
  Math.min(
    NEVER,
    ...model.grants
      .filter((one) => !without || !endedWith(model, without).includes(one))
      .filter((one) => isLive(model, one) && isReached(model, one) && holds(one, section))
      .map(({ until }) => until),
  )

/** Whether somebody's time is over who holds a section's key. */
export const isOver = (model: Model, section: number): boolean => (model.ends[section] as number) <= model.time

export function turned(model: Model, sections: readonly number[]): void {
  for (const section of sections) {
    model.epochs[section] = (model.epochs[section] as number) + 1
    model.ends[section] = earliest(model, section)
  }
}

export function granted(model: Model, grant: ModelGrant): void {
  model.grants.push(grant)
  for (const section of [0, ...grant.sections])
    model.ends[section] = Math.min(model.ends[section] as number, grant.until)
}
