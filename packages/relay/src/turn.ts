// The turn: lists that wait become entries, leaves, a seal and a signed tree head, in one commit. Spec: docs/spec/relay.md, "The turn".
// A plain object without thread, queue or timer: sequencers run it. Nothing that it computed is seen before the commit is durable.
import {
  type AnyEntry,
  type ChainId,
  concat,
  encodeEntryLeaf,
  encodeSeal,
  is,
  type NoteSigner,
  type Seal,
  SealchartError,
  signCheckpoint,
  slotOf,
} from '@sealchart/protocol'
import { addAll, addClaims, addConsequences, type Consequences, noConsequences } from './consequences.js'
import { RelayError } from './errors.js'
import { type GrowingTree, type Growth, grow, loadTree } from './growing-tree.js'
import type { HeadLock } from './head-lock.js'
import { requireTeamsTold } from './membership.js'
import { type Moves, moves } from './moved.js'
import { type ChainPlace, type Moment, placeEntry } from './place.js'
import type { GatedList, LogHead, PlacedList, TurnNews } from './sequencer.js'
import { type CachedState, cachedState, keyOf, layerOver } from './state.js'
import { type Batch, type EntryRow, type Store, StoreConflict, type TreeHead } from './store/contract.js'

export interface TurnParts {
  readonly store: Store
  /** Holds the log's key; its advance is the second sync of a turn. */
  readonly headLock: HeadLock
  readonly now: () => number
}

export type Outcome = { readonly placed: PlacedList } | { readonly refused: unknown }

export interface Turns {
  readonly head: LogHead | null
  /**
   * Places what can be placed of these lists, in order. An outcome each; `news` is null when nothing was placed.
   * @throws anything but what a list was refused with: the outcome may be unknown, the process must stop.
   */
  take(lists: readonly GatedList[]): Promise<{ readonly outcomes: readonly Outcome[]; readonly news: TurnNews | null }>
}

/** How many facts and heads the turn keeps in memory. */
const KEPT = 200_000

interface Placed {
  readonly list: GatedList
  /** Position of the list's first entry among the turn's. */
  readonly first: number
}

/** What a turn has collected so far. */
interface Draft {
  readonly time: number
  readonly entries: { readonly entry: AnyEntry; readonly place: ChainPlace; readonly index: number }[]
  readonly hashes: Set<string>
  readonly uploads: Set<string>
  readonly also: Consequences
  network: ChainId | null
}

/** Turns over a store that nobody else writes to. */
export async function openTurns(parts: TurnParts): Promise<Turns> {
  const stored = await parts.store.treeHead()
  const first = stored === null ? null : await parts.store.entryAt(0)
  let head: TreeHead | null = stored
  let tree: GrowingTree = await loadTree(parts.store, stored)
  let network: ChainId | null = first?.chain ?? null
  const state: CachedState = cachedState(parts.store, KEPT)
  const moved = moves(stored?.size ?? 0)

  const tryLists = async (lists: readonly GatedList[]) => {
    const draft = newDraft(head, network, parts.now())
    const layer = layerOver(state)
    const outcomes: (Placed | { readonly refused: unknown })[] = []
    for (const list of lists) outcomes.push(await tryList(list, layer, { draft, size: head?.size ?? 0, parts, moved }))
    return { draft, layer, outcomes }
  }

  const commit = async ({ draft, layer, outcomes }: Awaited<ReturnType<typeof tryLists>>) => {
    const { batch, growth, seal } = makeBatch(draft, { head, tree, log: parts.headLock.key })
    const placed = outcomes.flatMap((one) => ('list' in one ? [one.list] : []))
    const changed = layer.changed()
    await parts.store.commit({ ...batch, ...changed, ...live(placed, seal.first) })
    await parts.headLock.advance(batch.head)
    head = batch.head
    tree = growth.tree
    network = draft.network
    state.take(changed)
    moved.take(draft.entries)
    const news = {
      network: draft.network as ChainId,
      head: batch.head,
      first: seal.first,
      leaves: concat(...growth.leaves),
      notices: batch.notices,
    }
    return { growth, seal, news: { ...news, ...changed } }
  }

  const take: Turns['take'] = async (lists) => {
    const tried = await tryLists(lists)
    if (tried.draft.entries.length === 0) return { outcomes: tried.outcomes.map(refusedOnly), news: null }
    try {
      const { growth, seal, news } = await commit(tried)
      const outcomes = tried.outcomes.map((one) =>
        'refused' in one ? one : { placed: placedList(one, { draft: tried.draft, growth, seal, head: news.head }) },
      )
      return { outcomes, news }
    } catch (error) {
      if (isClean(error)) return { outcomes: lists.map(() => ({ refused: error })), news: null }
      if (!(error instanceof StoreConflict)) throw error
      await checkStillOurs(parts.store, head)
      return { outcomes: lists.map(() => ({ refused: error })), news: null }
    }
  }

  return {
    get head() {
      return head
    },
    take,
  }
}

/** Nothing was written, and the store is as it was. */
const isClean = (error: unknown): boolean => error instanceof RelayError && error.code === 'FULL'

/** After a conflict: if the log itself moved, somebody else writes, and nothing that we know holds. */
async function checkStillOurs(store: Store, head: TreeHead | null): Promise<void> {
  const stored = await store.treeHead()
  if (stored?.size !== head?.size) throw new RelayError('SELFCHECK', 'the log was changed by somebody else')
}

const refusedOnly = (one: Placed | { readonly refused: unknown }): Outcome =>
  'refused' in one ? one : { refused: new RelayError('INTERNAL', 'a list without entries') }

function newDraft(head: TreeHead | null, network: ChainId | null, now: number): Draft {
  // Fixed before the rules run, and never behind the log: every expiry of this turn is judged by it.
  const time = Math.max(now, head?.time ?? 0)
  return { time, entries: [], hashes: new Set(), uploads: new Set(), also: noConsequences(), network }
}

/** Tries a list on its own layer: all of it is taken into the draft, or nothing. */
async function tryList(
  list: GatedList,
  below: ReturnType<typeof layerOver>,
  { draft, size, parts, moved }: { draft: Draft; size: number; parts: TurnParts; moved: Moves },
): Promise<Placed | { readonly refused: unknown }> {
  const layer = layerOver(below)
  const first = draft.entries.length
  const also = noConsequences()
  const taken: Draft['entries'] = []
  try {
    const network = draft.network ?? foundedBy(list)
    if (list.checkedAt !== null) moved.check(list.checkedAt, size, draft.entries)
    await requireComplete(list, draft, parts.store)
    for (const entry of list.entries) {
      const index = size + first + taken.length
      await refuseTwice(entry, draft, parts.store)
      const linkAt = (chain: ChainId, sequence: number) => parts.store.linkAt(chain, sequence)
      const moment: Moment = { index, time: draft.time, size, network, linkAt }
      taken.push({ entry, place: await placeEntry(entry, layer, moment), index })
      await addConsequences(also, entry, index, layer)
    }
    await requireTeamsTold(list.entries, layer, draft.time)
    addClaims(also, list.entries, list.claims, size + first)
    draft.network = network
  } catch (error) {
    // Nothing is written yet: even a bug in a rule must not let one list stop all others.
    return {
      refused: error instanceof SealchartError ? error : new RelayError('INTERNAL', 'a rule failed', { cause: error }),
    }
  }
  draft.entries.push(...taken)
  for (const { entry } of taken) draft.hashes.add(entry.hash.join())
  for (const id of list.uploads) draft.uploads.add(keyOf(id))
  const changed = layer.changed()
  for (const row of changed.facts) below.setFact(row)
  for (const row of changed.heads) below.setHead(row)
  addAll(draft.also, also)
  return { list, first }
}

/** An access entry could be placed any number of times: its hash is what makes it one. Heads see to it everywhere else. */
async function refuseTwice(entry: AnyEntry, draft: Draft, store: Store): Promise<void> {
  if (entry.kind !== 'access') return
  if (draft.hashes.has(entry.hash.join()) || (await store.entryByHash(entry.hash)))
    throw new RelayError('CONFLICT', 'the entry was placed before')
}

/**
 * An upload is published once. The store would refuse the whole turn, and every list of it a turn of its own: whoever sends the same upload
 * with two lists would slow down everybody. @throws RelayError STAGED_MISSING.
 */
async function requireComplete({ uploads }: GatedList, draft: Draft, store: Store): Promise<void> {
  const own = new Set<string>()
  for (const id of uploads) {
    const key = keyOf(id)
    const isFirst = !own.has(key) && !draft.uploads.has(key)
    if (!isFirst || (await store.upload(id))?.state !== 'complete')
      throw new RelayError('STAGED_MISSING', 'an upload is not there, or published already')
    own.add(key)
  }
}

/** @throws RelayError ROLE unless the log's first list founds the network. */
function foundedBy(list: GatedList): ChainId {
  const [first] = list.entries
  if (!first || !is(first, 'network', 'found')) throw new RelayError('ROLE', 'the log begins with a network')
  return first.chain
}

function makeBatch(
  draft: Draft,
  { head, tree, log }: { head: TreeHead | null; tree: GrowingTree; log: NoteSigner },
): { batch: Omit<Batch, 'facts' | 'heads' | 'beside' | 'attachments' | 'uploads'>; growth: Growth; seal: Seal } {
  const first = head?.size ?? 0
  const entries = draft.entries.map(entryRow)
  const size = first + entries.length + 1
  const seal: Seal = { first, size, time: draft.time, prefixRoot: null }
  const data = draft.entries.map(({ entry, place }) => encodeEntryLeaf(slotOf(entry, place.access), entry.hash))
  const all = [...data, encodeSeal(seal)]
  const growth = grow(tree, all)
  const { root } = growth
  const checkpoint = new TextDecoder().decode(signCheckpoint({ origin: log.key.name, size, root }, log))
  const { listings, ended, notices, claims } = draft.also
  const batch = {
    expect: head && { size: head.size, root: head.root },
    entries,
    leaves: all.map((leaf, i) => ({ index: first + i, data: leaf, seal: i === all.length - 1 })),
    listings,
    ended,
    notices,
    claims,
    tiles: growth.tiles,
    head: { size, root, edge: growth.edge, time: draft.time, checkpoint },
  }
  return { batch, growth, seal }
}

const entryRow = ({ entry, place, index }: Draft['entries'][number]): EntryRow => ({
  index,
  chain: entry.chain,
  sequence: place.sequence,
  link: place.link,
  hash: entry.hash,
  bytes: entry.bytes,
})

/** What lies beside the placed lists, at the indices of their entries. */
function live(lists: readonly GatedList[], first: number): Pick<Batch, 'beside' | 'attachments' | 'uploads'> {
  const beside: Batch['beside'][number][] = []
  const attachments = new Map<string, Batch['attachments'][number]>()
  const uploads: Uint8Array[] = []
  let start = first
  for (const list of lists) {
    const parts = new Map(list.beside.map((part) => [keyOf(part.digest), part]))
    list.entries.forEach((entry, i) => {
      const part = entry.private === null ? undefined : parts.get(keyOf(entry.private))
      if (part) beside.push({ ...part, index: start + i })
    })
    for (const { digest, position } of list.attachments) {
      const key = keyOf(digest)
      if (!attachments.has(key)) attachments.set(key, { digest, index: start + position })
    }
    uploads.push(...list.uploads)
    start += list.entries.length
  }
  return { beside, attachments: [...attachments.values()], uploads }
}

function placedList(
  { list, first }: Placed,
  { draft, growth, seal, head }: { draft: Draft; growth: Growth; seal: Seal; head: LogHead },
): PlacedList {
  const mine = draft.entries.slice(first, first + list.entries.length)
  const nodes = growth.prove([...mine.map(({ index }) => index), seal.size - 1])
  return { places: mine.map(({ index, place }) => ({ index, access: place.access })), seal, nodes, head }
}
