// The relay's interface: every request and answer body that is CBOR, one shape each. Spec: docs/spec/relay.md, "Requests".
// Shapes only; routes, statuses and permissions stand in @sealchart/relay, and what a client believes of an answer in ledger.ts.
import { chainId, deviceIdShape, digestShape, entryHashShape, linkHashShape, treeHash } from './bodies.js'
import { type ErrorCode, errorCodes } from './errors.js'
import { limits } from './limits.js'
import { proven } from './proven.js'
import { blob, bool, bytes, type Infer, list, nullable, oneOf, type Shape, struct, text, uint } from './shape.js'
import { wrapLeaf } from './wraps.js'

/** Paths of the relay. Log paths (`/checkpoint`, `/tile/…`) are those of tlog-tiles. */
export const paths = {
  append: '/v1/append',
  sync: '/v1/sync',
  records: '/v1/records',
  wraps: '/v1/wraps',
  teams: '/v1/teams',
  directory: '/v1/directory',
  inbox: '/v1/inbox',
  inboxStream: '/v1/inbox/stream',
  uploads: '/v1/uploads',
  present: '/v1/uploads/present',
  attachments: '/v1/attachments',
  segments: '/v1/segments',
  segmentBatch: '/v1/segments/batch',
  meetings: '/v1/meetings',
  network: '/v1/network',
  health: '/health',
} as const

const upload = bytes(16)

/** A chain and how far the asker knows it: the sequence (or access number) of the newest entry she has verified. */
export const known = struct({ chain: chainId, sequence: uint() })
export type Known = Infer<typeof known>

/** A small segment that travels inside a request or an answer. */
const inlineSegment = struct({ record: chainId, section: uint(limits.sections), bytes: blob(limits.segment, 1) })

/**
 * POST append: 1–256 entries, placed together or not at all. `beside` holds the parts that entries name as private; `uploads` those
 * that entries of this list publish; `token` the founding token with the list that founds the network; `seen` the asker's tree size.
 */
export const appendRequest = struct({
  entries: list(blob(limits.entry, 1), limits.list, 1),
  attachments: list(blob(limits.inlineAttachments, 1), 2 * limits.list),
  beside: list(blob(limits.private, 1), limits.list),
  segments: list(inlineSegment, 10_000),
  uploads: list(upload, limits.list),
  token: nullable(text(100)),
  seen: uint(),
})
export type AppendRequest = Infer<typeof appendRequest>

/** Contents of one section as an opened version has them: the manifest's bytes. */
const opened = struct({
  section: uint(limits.sections),
  version: uint(),
  epoch: uint(),
  manifest: blob(limits.manifest),
})

/**
 * What a durable view or download entry opens: the sealed section keys of the wrap lists concerned, the manifests of the sections at
 * that version, a ticket for their segments, and small segments at once.
 */
export const handout = struct({
  entry: entryHashShape,
  keys: list(struct({ wraps: digestShape, keys: blob(limits.wrapRow) }), 1024),
  opened: list(opened, limits.sections),
  ticket: text(2000),
  segments: list(blob(limits.segment), 10_000),
})
export type Handout = Infer<typeof handout>

export const appendAnswer = struct({ proven, handouts: list(handout, limits.list) })
export type AppendAnswer = Infer<typeof appendAnswer>

/**
 * POST sync: entries of the wanted chains after what the asker has, and the closure of what they rest on that `have` does not cover.
 * Without a request signature only network and institution chains are served. `after` is the number of entries known, so 0 asks from the
 * beginning (for an access log: entries with a number above `after`).
 */
export const syncRequest = struct({
  seen: uint(),
  want: list(struct({ chain: chainId, after: uint() }), 1000),
  have: list(known, 10_000),
})
export type SyncRequest = Infer<typeof syncRequest>

/** `beside` holds the private parts of the entries sent that are not erased; `more`: ask again, an answer has a size. */
export const syncAnswer = struct({ proven, beside: list(blob(limits.private), 1 << 20), more: bool })
export type SyncAnswer = Infer<typeof syncAnswer>

/** The asker's own row of a wrap list, its section keys held back, with the row's position and RFC 6962 path to the signed root. */
export const handedRow = struct({
  wraps: digestShape,
  position: uint(),
  leaf: wrapLeaf,
  envelope: blob(limits.wrapRow),
  path: list(treeHash, 20),
})
export type HandedRow = Infer<typeof handedRow>

/**
 * POST wraps: the asker's own rows of lists with which epochs of a group began or somebody was added: on her own member chain the asking
 * device's, on a team's chain hers. One answer for each in order; null where there is none for her.
 */
export const wrapsRequest = struct({ wanted: list(struct({ chain: chainId, wraps: digestShape }), 100, 1) })
export const wrapsAnswer = struct({ rows: list(nullable(handedRow), 100) })

/**
 * POST records: one record by id, or a page of those that the asker may list, newest change first (`after`: the `changed` of the last
 * one had).
 */
export const recordsRequest = struct({
  seen: uint(),
  record: nullable(chainId),
  after: nullable(uint()),
  limit: uint(100),
  have: list(known, 10_000),
})
export type RecordsRequest = Infer<typeof recordsRequest>

/** POST attachments: the body is the object itself, the answer its SHA-256. */
export const attachmentAnswer = struct({ digest: digestShape })

/** One record as lists and opening need it: the sealed card, the asker's rows, and where its access log stands (number 0: nobody opened it). */
export const recordItem = struct({
  record: chainId,
  changed: uint(),
  card: blob(limits.card),
  rows: list(handedRow, 1024),
  access: struct({ number: uint(), link: linkHashShape }),
})
export type RecordItem = Infer<typeof recordItem>

/**
 * With `more` a page goes on after the last record's `changed`. No record and `more`: the entries did not fit into one answer; take
 * those that came, and ask the same again with what is known now.
 */
export const recordsAnswer = struct({
  records: list(recordItem, 100),
  proven,
  beside: list(blob(limits.private), 1 << 20),
  more: bool,
})
export type RecordsAnswer = Infer<typeof recordsAnswer>

/** POST directory: members with a claim of this name and value in a credential that was accepted; at most 50, newest first. */
export const directoryRequest = struct({ claim: text(40, 1), value: text(limits.name, 1) })
export const directoryAnswer = struct({ members: list(chainId, 50) })

/** POST teams: the open teams in which a member sits and is not out, by id: for herself, and for those who vouch for her. */
export const teamsRequest = struct({ member: chainId })
export const teamsAnswer = struct({ teams: list(chainId, 10_000) })

/** News of a chain, by the log index of its entry; in the order of the log. */
const notices = list(struct({ index: uint(), chain: chainId }), 200)

/** POST inbox: notices after a log index; waits up to `wait` ms (at most 25,000) for the first. */
export const inboxRequest = struct({ after: uint(), limit: uint(200), wait: uint(25_000) })
export const inboxAnswer = struct({ notices })

/** POST inbox/stream: notices after a log index, and those that come while the answer goes on. */
export const inboxStreamRequest = struct({ after: uint() })

/**
 * One frame of that answer, after its length in four bytes: all notices after the log index `after`, up to the last of them; none: there
 * is none. With `ends` it is the last frame, and the asker asks anew.
 */
export const inboxFrame = struct({ after: uint(), notices, ends: bool })

/** POST uploads: opens (or, with the same id, prolongs) an upload; for a record that does not exist yet its founding nonce proves whose it will be. */
export const uploadRequest = struct({ id: upload, record: chainId, nonce: nullable(bytes(32)), reserved: uint() })
export const uploadAnswer = struct({ ticket: text(2000), expires: uint() })

/** POST uploads/present?ticket=…, with the ticket of an upload: which segments need not be put again under it. */
export const presentRequest = struct({ record: chainId, names: list(digestShape, 10_000) })
export const presentAnswer = struct({ present: list(bool, 10_000) })

/** POST segments/batch?ticket=…: several segments by name; the answer is each with its length (four bytes, big-endian) before it. */
export const segmentBatchRequest = struct({ record: chainId, names: list(digestShape, 10_000, 1) })

/**
 * POST meetings, without a signature: what a new device and one that a member has leave each other under a place that only they know. There
 * are three slots; what stands in one stays. The answer is what stands in them then.
 */
export const meetingRequest = struct({
  place: digestShape,
  put: nullable(struct({ slot: uint(2), bytes: blob(limits.meeting, 1) })),
})
export const meetingAnswer = struct({ slots: list(nullable(blob(limits.meeting)), 3, 3) })

/** GET network: what a client that was given nothing but an address shows to a person to compare; never trusted by itself. */
export const networkAnswer = struct({ network: nullable(chainId), founding: nullable(linkHashShape), log: text(400) })

/** What a ticket says; the relay appends a MAC under a key of its own. `kind` 1 reads segments, 2 puts them. */
export const ticketShape = struct({
  kind: uint(2),
  member: chainId,
  device: deviceIdShape,
  record: chainId,
  version: uint(),
  sections: list(uint(limits.sections), limits.sections),
  grant: nullable(entryHashShape),
  subject: blob(32, 16),
  expires: uint(),
})
export type Ticket = Infer<typeof ticketShape>

const codeShape: Shape<ErrorCode> = oneOf(...(Object.keys(errorCodes) as ErrorCode[]))

/** Every refusal. `missed` holds, for a stale head, the entries that the asker has not seen and may see. */
export const errorAnswer = struct({
  code: codeShape,
  message: text(500),
  entryTime: nullable(uint()),
  logTime: nullable(uint()),
  missed: nullable(proven),
})
export type ErrorAnswer = Infer<typeof errorAnswer>
