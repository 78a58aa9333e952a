// POST append: through the gate into a turn, and out again with proof and handouts. Spec: docs/spec/relay.md, "Append".
import {
  type AnyEntry,
  type AppendRequest,
  appendAnswer,
  appendRequest,
  equal,
  type Handout,
  limits,
  type Proven,
  paths,
  utf8,
} from '@sealchart/protocol'
import { type Request, readBody } from '../bodies.js'
import { collectClosure } from '../closure.js'
import { RelayError } from '../errors.js'
import { decodeEntries, placeList } from '../gate.js'
import { makeHandout, type Opening, openingOf } from '../handout.js'
import { answer, claimsSignature, decodeBody, readSigned, refuse, type Signed } from '../http.js'
import { StaleHeads } from '../place.js'
import type { PlacedList } from '../sequencer.js'
import type { Services } from '../services.js'
import { keyOf } from '../state.js'
import type { EntryRow } from '../store/contract.js'
import type { Route } from './route.js'

/** How long after its log time an entry's device may be given keys and ticket again. */
const AGAIN = 10 * 60_000
/** Bytes of handouts in one answer; entries beyond get none, and theirs when they are asked again. */
const MOST_HANDOUTS = 8 * 1024 * 1024

/** Lists between the gate and their answer. */
interface Waiting {
  entries: number
  /** By entry hash: resolves when the list that holds it is answered. */
  readonly lists: Map<string, Promise<unknown>>
}

export function appendRoute(): Route {
  const waiting: Waiting = { entries: 0, lists: new Map() }
  return {
    method: 'POST',
    path: paths.append,
    asker: 'signer',
    handle: async (c, services) => {
      // Before anything is read, let alone verified: this is what stands between a flood and everybody's signatures.
      if (waiting.entries >= services.config.limits.waiting) throw busy()
      const { request, signer } = await readAppend(c, services)
      const entries = decodeEntries(request)
      return inTurn(waiting, { entries, most: services.config.limits.waiting }, () =>
        append(services, { request, entries, signer }),
      )
    },
  }
}

const busy = (): RelayError => new RelayError('BUSY', 'too many entries are waiting')

/** The request, and who signed it if it carries a signature: needed only to be given something again. */
async function readAppend(c: Request, services: Services): Promise<{ request: AppendRequest; signer: Signed | null }> {
  if (!claimsSignature(c)) {
    return {
      request: decodeBody(appendRequest, await readBody(c, limits.append, services.intakes.strangers)),
      signer: null,
    }
  }
  const { body, signer } = await readSigned(c, services.signatures, limits.append)
  return { request: decodeBody(appendRequest, body), signer }
}

/** Counts a list while it is worked on, and lets two requests with the same entry follow each other. */
async function inTurn<T>(
  waiting: Waiting,
  { entries, most }: { readonly entries: readonly AnyEntry[]; readonly most: number },
  work: () => Promise<T>,
): Promise<T> {
  if (waiting.entries + entries.length > most) throw busy()
  waiting.entries += entries.length
  const keys = entries.map((entry) => keyOf(entry.hash))
  const before = keys.flatMap((key) => waiting.lists.get(key) ?? [])
  const done = Promise.allSettled(before).then(work)
  const ended = done.catch(() => {})
  for (const key of keys) waiting.lists.set(key, ended)
  try {
    return await done
  } finally {
    waiting.entries -= entries.length
    // Not what a later request with the same entry has set meanwhile.
    for (const key of keys) if (waiting.lists.get(key) === ended) waiting.lists.delete(key)
  }
}

interface Append {
  readonly request: AppendRequest
  readonly entries: readonly AnyEntry[]
  readonly signer: Signed | null
}

async function append(services: Services, given: Append): Promise<Response> {
  const { request, entries } = given
  // By hash, before any comparison of heads: the same bytes again are not a conflict.
  const placed = await placedBefore(services, entries)
  if (placed !== null) return again(services, given, placed)
  try {
    const list = await placeList(services, request, entries)
    return answer(appendAnswer, {
      proven: await provenList(services, { list, entries, seen: request.seen }),
      handouts: await handouts(
        services,
        entries.flatMap((entry) => openingOf(entry) ?? []),
      ),
    })
  } catch (error) {
    if (error instanceof StaleHeads) return refuse(error, await missedBy(services, given, error))
    throw error
  }
}

/** The rows of a list that was placed already; null when none of it was. @throws RelayError CONFLICT for a part of it. */
async function placedBefore(services: Services, entries: readonly AnyEntry[]): Promise<EntryRow[] | null> {
  const rows = new Map<number, EntryRow>()
  let count = 0
  for (const { hash } of entries) {
    const row = await services.reads.entryByHash(hash)
    if (row === null) continue
    rows.set(row.index, row)
    count += 1
  }
  if (count === 0) return null
  if (count < entries.length) throw new RelayError('CONFLICT', 'a part of the list was placed before')
  return [...rows.values()].sort((a, b) => a.index - b.index)
}

async function provenList(
  services: Services,
  { list, entries, seen }: { list: PlacedList; entries: readonly AnyEntry[]; seen: number },
): Promise<Proven> {
  const { places, seal, nodes, head } = list
  return {
    checkpoint: utf8(head.checkpoint),
    consistency: await services.logTree.proveGrowth(seen, head.size),
    entries: places.map(({ index, access }, i) => ({ index, bytes: (entries[i] as AnyEntry).bytes, access })),
    seals: [seal],
    nodes,
  }
}

async function handouts(services: Services, openings: readonly Opening[]): Promise<Handout[]> {
  const made: Handout[] = []
  let bytes = 0
  for (const opening of openings) {
    if (bytes > MOST_HANDOUTS) break
    const one = await makeHandout(services, opening)
    bytes += [...one.segments, ...one.opened.map(({ manifest }) => manifest)].reduce(
      (sum, part) => sum + part.length,
      0,
    )
    made.push(one)
  }
  return made
}

/** Place and proof for whoever sends the same bytes again; keys, manifests and a ticket only for the entry's own device, and soon. */
async function again(
  services: Services,
  { request, entries, signer }: Append,
  rows: readonly EntryRow[],
): Promise<Response> {
  const times = (await services.prover.sealsOf(rows)).map(({ time }) => time)
  const openings: Opening[] = []
  for (const entry of entries) {
    const opening = openingOf(entry)
    const time = times[rows.findIndex((row) => equal(row.hash, entry.hash))] ?? 0
    const own = signer && equal(signer.device, entry.signer.device) && equal(signer.chain, entry.signer.chain)
    if (!opening || !own || services.now() - time > AGAIN) continue
    if (await services.permissions.stillOpens({ ...opening, member: entry.signer.chain })) openings.push(opening)
  }
  return answer(appendAnswer, {
    proven: await services.prover.prove(rows, request.seen),
    handouts: await handouts(services, openings),
  })
}

/** What the signer of a stale entry has not seen of the chains concerned, as far as she may see them. */
async function missedBy(services: Services, { request, entries }: Append, stale: StaleHeads): Promise<Proven | null> {
  const asker = stale.signer
  const want: { chain: (typeof stale.named)[number]['chain']; after: number }[] = []
  for (const { chain, sequence } of stale.named) {
    const sight = await services.permissions.sightOf(asker, chain)
    if (sight) want.push({ chain, after: sight.kind === 'access' ? sequence : sequence + 1 })
  }
  if (want.length === 0) return null
  const first = new Map<string, number>()
  for (const { chain, sequence } of entries) if (!first.has(keyOf(chain))) first.set(keyOf(chain), sequence)
  // What the list itself would have placed, its signer has from nobody.
  const have = entries
    .flatMap(({ restsOn }) => restsOn)
    .map(({ chain, sequence }) => ({
      chain,
      sequence: Math.min(sequence, (first.get(keyOf(chain)) ?? Number.POSITIVE_INFINITY) - 1),
    }))
    .filter(({ sequence }) => sequence >= 0)
  const closure = await collectClosure(services, { asker, want, have })
  return closure.rows.length > 0 ? services.prover.prove(closure.rows, request.seen) : null
}
