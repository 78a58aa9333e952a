// The gate: everything that is checked of a list before it waits for a turn. Spec: docs/spec/relay.md, "The gate".
// The order matters: cheap before dear, form before signatures, signatures before anything that tells what the relay knows, heads
// before rules. What the gate finds may be outdated when the turn comes; the turn decides again, except about attachments and parts
// beside, which do not change.

import type { AppendRequest } from '@sealchart/protocol'
import {
  type AnyEntry,
  type ChainId,
  checkList,
  type Digest,
  decodeClaims,
  decodeEntry,
  equal,
  is,
  limits,
  lookFor,
  type NoteKey,
  sha256,
  signKeyOf,
  utf8,
  verifyEntry,
} from '@sealchart/protocol'
import { stagedMissing, wrapsRefOf } from './attachments.js'
import { RelayError } from './errors.js'
import { stageObjects } from './gate-objects.js'
import type { GateParts, Judged } from './gate-parts.js'
import { sittingsChanged } from './membership.js'
import { overlayOn } from './overlay.js'
import { factsFrom, MovedHeads, placeEntry } from './place.js'
import type { AcceptedClaims, GatedList, PlacedList } from './sequencer.js'
import { inSlices } from './slices.js'
import { type Changing, keyOf } from './state.js'

/**
 * Checks a list and makes durable what it names; answers what the sequencer needs. Entries are decoded, and none of them is placed yet.
 * @throws StaleHeads; RelayError UNKNOWN, ROLE, BINDING, RATE, STAGED_MISSING, QUOTA, FULL; ProtocolError.
 */
async function passGate(
  parts: GateParts,
  request: AppendRequest,
  entries: readonly AnyEntry[],
): Promise<{ list: GatedList; recipients: ReadonlySet<string> }> {
  checkList(entries)
  checkRows(entries)
  const size = parts.sequencer.head?.size ?? 0
  const network = parts.network() ?? checkFounding(parts, request, entries)
  const judged = await judge(parts, entries, network)
  const beside = besideFor(request, entries)
  const claims = await acceptedClaims(parts, entries, beside)
  const { attachments, uploads, recipients } = await stageObjects(parts, request, judged, network)
  const checkedAt = recipients.size > 0 ? size : null
  return { list: { entries, beside, claims, attachments, uploads, checkedAt }, recipients }
}

/** All wrap lists of a list of entries have together as many rows as one may have. @throws RelayError LIMIT. */
function checkRows(entries: readonly AnyEntry[]): void {
  const rows = entries.reduce((sum, entry) => sum + (wrapsRefOf(entry)?.attached.count ?? 0), 0)
  if (rows > limits.wraps) throw new RelayError('LIMIT', 'the wrap lists of one append have too many rows together')
}

/** How often a list goes back because members changed while it was checked. */
const MOST_TRIES = 8

/**
 * Takes a list through the gate and into a turn. If members' chains move meanwhile, those who get keys are looked up among them: only if one
 * is there, everything is checked again.
 * @throws as the gate and the sequencer do; RelayError BUSY when members do not stop changing.
 */
export async function placeList(
  parts: GateParts,
  request: AppendRequest,
  entries: readonly AnyEntry[],
): Promise<PlacedList> {
  let gated = await passGate(parts, request, entries)
  for (let tries = 1; ; tries++) {
    try {
      const placed = await parts.sequencer.append(gated.list)
      const { uploads, attachments } = gated.list
      parts.quotas.release([...uploads, ...attachments.map(({ digest }) => digest)])
      return placed
    } catch (error) {
      if (!(error instanceof MovedHeads) || tries === MOST_TRIES) throw error
      const concerned = error.chains?.some((chain) => gated.recipients.has(keyOf(chain))) ?? true
      gated = concerned
        ? await passGate(parts, request, entries)
        : { ...gated, list: { ...gated.list, checkedAt: error.size } }
    }
  }
}

/** Decodes a request's entries. @throws ProtocolError DECODE_*, TOO_LARGE, DOWNGRADE. */
export const decodeEntries = (request: AppendRequest): AnyEntry[] => request.entries.map((bytes) => decodeEntry(bytes))

/**
 * The log's first list founds the network, with the token that the operator was given, on this very relay.
 * @throws RelayError UNKNOWN for another token, ROLE, BINDING.
 */
function checkFounding(parts: GateParts, request: AppendRequest, entries: readonly AnyEntry[]): ChainId {
  const { foundingToken } = parts.config
  const given = request.token === null ? null : sha256(utf8(request.token))
  // Both sides are hashes: how long the comparison takes says nothing about the token.
  if (foundingToken === null || given === null || !equal(given, foundingToken))
    throw new RelayError('UNKNOWN', 'no such network')
  const [first] = entries
  if (!first || !is(first, 'network', 'found')) throw new RelayError('ROLE', 'the log begins with a network')
  checkLog(parts.log, first.body)
  return first.chain
}

function checkLog(log: NoteKey, { logKey, origin }: { readonly logKey: Uint8Array; readonly origin: string }): void {
  if (!equal(logKey, log.publicKey) || origin !== log.name)
    throw new RelayError('BINDING', 'the network names another log than this relay’s')
}

/** Verifies all signatures, and tries the entries one after the other where one may build on another. */
async function judge(parts: GateParts, entries: readonly AnyEntry[], network: ChainId): Promise<Judged[]> {
  checkRates(parts, entries)
  const judged: Judged[] = []
  const overlay = overlayOn(parts.state)
  for await (const [i, entry] of inSlices(entries.entries())) {
    const before = overlay.before(i)
    const founding = is(entry, 'network', 'found')
    const key = await signKeyOf(entry, lookFor(entry, factsFrom(before), network))
    verifyEntry(entry, key, founding ? null : network)
    // Counted after the signature: nobody uses up somebody else's rate.
    parts.rates.take(entry.signer.device, 1)
    judged.push({ entry, before })
    // A single access entry is left to the turn: nothing is staged for it, and nothing follows it.
    if (entries.length === 1 && entry.kind === 'access') break
    await tryEntry(parts, entry, { state: overlay.at(i), network, position: i })
  }
  return judged
}

/** Refuses a list that is too long for now before any of it is counted: what is tried again after the pause must find it whole. */
function checkRates({ rates }: GateParts, entries: readonly AnyEntry[]): void {
  const counts = new Map<string, { readonly device: Uint8Array; count: number }>()
  for (const { device } of entries.map(({ signer }) => signer)) {
    const one = counts.get(keyOf(device)) ?? { device, count: 0 }
    one.count += 1
    counts.set(keyOf(device), one)
  }
  for (const { device, count } of counts.values()) rates.check(device, count)
}

async function tryEntry(
  parts: GateParts,
  entry: AnyEntry,
  { state, network, position }: { state: Changing; network: ChainId; position: number },
): Promise<void> {
  const head = parts.sequencer.head
  const size = head?.size ?? 0
  const time = Math.max(parts.now(), head?.time ?? 0)
  const linkAt = (chain: ChainId, sequence: number) => parts.reads.linkAt(chain, sequence)
  const index = size + position
  await placeEntry(entry, state, { index, time, size, network, linkAt })
  // In how many teams somebody sits is asked of each entry of a list.
  for (const row of await sittingsChanged(entry, index, state)) state.setFact(row)
}

// ——— parts beside

type Beside = GatedList['beside']

/** The private parts that the entries name, from the request. @throws RelayError STAGED_MISSING. */
function besideFor(request: AppendRequest, entries: readonly AnyEntry[]): Beside {
  const given = new Map(request.beside.map((bytes) => [keyOf(sha256(bytes)), bytes]))
  const found = new Map<string, { digest: Digest; bytes: Uint8Array }>()
  let missing = 0
  for (const { private: digest } of entries) {
    if (digest === null) continue
    const bytes = given.get(keyOf(digest))
    if (bytes) found.set(keyOf(digest), { digest, bytes })
    else missing += 1
  }
  if (missing > 0) throw stagedMissing(missing)
  return [...found.values()]
}

/**
 * Checks the claims of credentials against their hashes, and finds those that an acceptance of this list makes searchable.
 * @throws ProtocolError CRED_BINDING, DECODE_*.
 */
async function acceptedClaims(
  parts: GateParts,
  entries: readonly AnyEntry[],
  beside: Beside,
): Promise<AcceptedClaims[]> {
  const accepted: AcceptedClaims[] = []
  for (const [position, entry] of entries.entries()) {
    if (is(entry, 'member', 'credential')) claimsOf(entry, beside)
    if (!is(entry, 'member', 'accept')) continue
    const credential = await credentialOf(parts, entries, entry.body.credential)
    if (!credential || !equal(credential.chain, entry.chain) || credential.private === null) continue
    const stored = beside.some(({ digest }) => equal(digest, credential.private as Digest))
      ? beside
      : await storedPart(parts, credential.private)
    const claims = claimsOf(credential, stored)
    if (claims.length > 0) accepted.push({ position, digest: credential.private, claims })
  }
  return accepted
}

type CredentialEntry = AnyEntry & { readonly kind: 'member'; readonly type: 'credential' }

async function credentialOf(
  parts: GateParts,
  entries: readonly AnyEntry[],
  hash: Uint8Array,
): Promise<CredentialEntry | null> {
  const own = entries.find((entry) => equal(entry.hash, hash))
  const stored = own ? null : await parts.reads.entryByHash(hash as AnyEntry['hash'])
  const entry = own ?? (stored && decodeEntry(stored.bytes))
  return entry && is(entry, 'member', 'credential') ? entry : null
}

async function storedPart(parts: GateParts, digest: Digest): Promise<Beside> {
  const [bytes = null] = await parts.reads.beside([digest])
  return bytes ? [{ digest, bytes }] : []
}

function claimsOf(entry: CredentialEntry, beside: Beside): readonly { name: string; value: string }[] {
  const part = beside.find(({ digest }) => entry.private !== null && equal(digest, entry.private))
  return part ? decodeClaims(part.bytes, entry.chain, entry.body) : []
}
