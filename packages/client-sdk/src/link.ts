// The link to a relay: one typed call a route. It packs and signs requests, bounds and unpacks answers, and tries again.
// Spec: docs/spec/relay.md, "Requests". It believes nothing of what it unpacks: ledger, wraps and manifests are verified by callers.
// Every write is idempotent by content, so every call may be tried again without asking whether it arrived.
import { type Random, release } from '@sealchart/crypto'
import {
  type AppendAnswer,
  type AppendRequest,
  appendAnswer,
  appendRequest,
  type ChainId,
  type DeviceId,
  type Digest,
  directoryAnswer,
  directoryRequest,
  type HandedRow,
  hex,
  type Infer,
  inboxAnswer,
  inboxRequest,
  inboxStreamRequest,
  limits,
  meetingAnswer,
  meetingRequest,
  networkAnswer,
  pack,
  paths,
  presentAnswer,
  presentRequest,
  type RecordsAnswer,
  type RecordsRequest,
  type RequestParts,
  recordsAnswer,
  recordsRequest,
  type Shape,
  type Signer,
  type SyncAnswer,
  type SyncRequest,
  segmentBatchRequest,
  signRequest,
  syncAnswer,
  syncRequest,
  teamsAnswer,
  teamsRequest,
  unpack,
  uploadAnswer,
  uploadRequest,
  wrapsAnswer,
  wrapsRequest,
} from '@sealchart/protocol'
import { systemExchange, systemFlow } from '#exchange'
import { joinBatch, splitBatch } from './batches.js'
import { type Caller, createCaller, systemWait, type Wait } from './calls.js'
import { ClientError } from './errors.js'
import { overTransport } from './exchange.js'
import { flowOver } from './flow.js'
import { framesIn, type InboxFrame } from './frames.js'
import { relayAddress, type Transport } from './transport.js'

/** The device that signs requests. */
export interface LinkSigner {
  readonly chain: ChainId
  readonly device: DeviceId
  readonly sign: Signer
}

export interface LinkOptions {
  readonly url: string
  readonly transport?: Transport
  /** Without one, only what the relay answers to strangers can be asked. */
  readonly signer: LinkSigner | null
  /** ms since 1970. */
  readonly clock: () => number
  readonly random: Random
  /** How often a call is tried again after OFFLINE, BUSY or RATE; 4 unless told. */
  readonly retries?: number
  /** How the link waits between two tries; the platform's timer unless told. */
  readonly wait?: Wait
}

export type WrapsRequest = Infer<typeof wrapsRequest>
export type MeetingRequest = Infer<typeof meetingRequest>
export type MeetingAnswer = Infer<typeof meetingAnswer>
export type DirectoryRequest = Infer<typeof directoryRequest>
export type DirectoryAnswer = Infer<typeof directoryAnswer>
export type InboxRequest = Infer<typeof inboxRequest>
export type InboxAnswer = Infer<typeof inboxAnswer>
export type UploadRequest = Infer<typeof uploadRequest>
export type UploadAnswer = Infer<typeof uploadAnswer>
export type NetworkAnswer = Infer<typeof networkAnswer>

/** Segments of one section to be put: together at most 8 MiB with four bytes more for each. */
export interface SegmentsToPut {
  readonly ticket: string
  readonly section: number
  /** Each in the parts that make it up, so that a megabyte is copied once. */
  readonly segments: readonly (readonly Uint8Array[])[]
}

/** A segment to be read. */
export interface SegmentToGet {
  readonly ticket: string
  readonly record: ChainId
  readonly name: Digest
}

/** Segments to be read, by name. */
export interface SegmentsToGet {
  readonly ticket: string
  readonly record: ChainId
  readonly names: readonly Digest[]
}

/**
 * Calls to one relay. All of them throw RelayRefusal with the relay's code, ClientError OFFLINE (no answer), RELAY (an answer that is
 * none), ABORTED and USAGE; none checks signatures, proofs or names.
 */
export interface Link {
  readonly url: string
  /** Requests sent since the link was made, repeated ones included. */
  readonly roundTrips: number
  /** Waits as between two tries. */
  readonly wait: Wait
  /** `signed` to be given keys and ticket again for an entry that is appended already; a large request is signed whatever it says. */
  append(request: AppendRequest, signal?: AbortSignal, signed?: boolean): Promise<AppendAnswer>
  sync(request: SyncRequest, signal?: AbortSignal): Promise<SyncAnswer>
  records(request: RecordsRequest, signal?: AbortSignal): Promise<RecordsAnswer>
  /** The signer's own rows of wrap lists of her member chain and of teams, in the order asked; null where there is none for her. */
  wraps(wanted: WrapsRequest['wanted'], signal?: AbortSignal): Promise<readonly (HandedRow | null)[]>
  /** The open teams in which a member sits: for herself, or for an institution that vouches for her. */
  teams(member: ChainId, signal?: AbortSignal): Promise<readonly ChainId[]>
  directory(request: DirectoryRequest, signal?: AbortSignal): Promise<DirectoryAnswer>
  /** With `once` it is asked one time only, whatever happens. */
  inbox(request: InboxRequest, signal?: AbortSignal, once?: boolean): Promise<InboxAnswer>
  /** Frames as they come; asked for once, whatever happens. Ends as the answer does. */
  inboxStream(request: { readonly after: number }, signal: AbortSignal): AsyncGenerator<InboxFrame>
  /** Opens or prolongs an upload. */
  openUpload(request: UploadRequest, signal?: AbortSignal): Promise<UploadAnswer>
  /** Which of these segments need not be put again under the ticket's upload; at most 10,000 names. */
  present(asked: SegmentsToGet, signal?: AbortSignal): Promise<readonly boolean[]>
  /** Stages a manifest or a wrap list, to be named by an entry. */
  attach(attachment: Uint8Array<ArrayBuffer>, signal?: AbortSignal): Promise<void>
  putSegments(put: SegmentsToPut, signal?: AbortSignal): Promise<void>
  /** One segment whole, in memory of the caller's own; a part of one could not be authenticated. */
  getSegment(asked: SegmentToGet, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>
  /** Several segments in one answer of at most 8 MiB, in the order of their names. */
  getSegments(asked: SegmentsToGet, signal?: AbortSignal): Promise<readonly Uint8Array<ArrayBuffer>[]>
  /** Leaves something at a meeting of two devices, or looks what lies there; not signed. */
  meeting(request: MeetingRequest, signal?: AbortSignal): Promise<MeetingAnswer>
  network(signal?: AbortSignal): Promise<NetworkAnswer>
  /** The newest checkpoint: a signed note, not verified. */
  checkpoint(signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>
}

const KiB = 1024
const MiB = 1024 * KiB
/** Bytes of an answer that may carry entries, manifests or segments. */
const LARGE = 64 * MiB
const SMALL = 512 * KiB
/** Bytes of a body from which on a relay counts it among the large ones (docs/spec/relay.md, "Limits"). */
const COUNTED = 256 * KiB

/** Sends and unpacks calls at one address. */
interface Route {
  readonly url: string
  readonly caller: Caller
  /** Whether there is a device that signs. */
  readonly signs: boolean
}

/** @throws ClientError USAGE for an address that is neither https nor on this machine. */
export function createLink(options: LinkOptions): Link {
  const url = relayAddress(options.url)
  const { signer, transport } = options
  const exchange = transport ? overTransport(transport) : systemExchange
  const flow = transport ? flowOver(transport) : systemFlow
  const caller = createCaller({ ...options, exchange, flow, sign: signer && signing(signer, options.clock) })
  const route = { url, caller, signs: signer !== null }
  return {
    url,
    wait: options.wait ?? systemWait,
    get roundTrips() {
      return caller.sent()
    },
    ...entryCalls(route),
    ...segmentCalls(route),
  }
}

const signing = (signer: LinkSigner, clock: () => number) => (request: RequestParts) =>
  signRequest({ ...request, chain: signer.chain, device: signer.device, created: clock() }, signer.sign)

interface Question {
  readonly path: string
  readonly body: Uint8Array<ArrayBuffer>
  readonly cap: number
  readonly signed: boolean
  readonly once?: boolean
}

const post = ({ url, caller }: Route, { path, ...call }: Question, signal: AbortSignal | undefined) =>
  caller.send({ method: 'POST', url: url + path, ...call }, signal)

const get = ({ url, caller }: Route, path: string, cap: number, signal: AbortSignal | undefined) =>
  caller.send({ method: 'GET', url: url + path, body: new Uint8Array(), cap, signed: false }, signal)

function entryCalls(route: Route) {
  const ask =
    <Q, A>(path: string, question: Shape<Q>, answer: Shape<A>, cap: number) =>
    async (request: Q, signal?: AbortSignal): Promise<A> =>
      read(answer, await post(route, { path, body: pack(question, request), cap, signed: route.signs }, signal))
  return {
    async append(request: AppendRequest, signal?: AbortSignal, signed = false): Promise<AppendAnswer> {
      const body = pack(appendRequest, request)
      // A relay keeps little room for large bodies of strangers.
      const isKnown = signed || (route.signs && body.length > COUNTED)
      return read(appendAnswer, await post(route, { path: paths.append, body, cap: LARGE, signed: isKnown }, signal))
    },
    sync: ask(paths.sync, syncRequest, syncAnswer, LARGE),
    records: ask(paths.records, recordsRequest, recordsAnswer, LARGE),
    async wraps(wanted: WrapsRequest['wanted'], signal?: AbortSignal) {
      const body = pack(wrapsRequest, { wanted })
      const bytes = await post(route, { path: paths.wraps, body, cap: LARGE, signed: route.signs }, signal)
      const { rows } = read(wrapsAnswer, bytes)
      if (rows.length !== wanted.length) throw new ClientError('RELAY', 'the relay answers about other wrap lists')
      return rows
    },
    teams: async (member: ChainId, signal?: AbortSignal) =>
      (await ask(paths.teams, teamsRequest, teamsAnswer, SMALL)({ member }, signal)).teams,
    directory: ask(paths.directory, directoryRequest, directoryAnswer, SMALL),
    async inbox(request: InboxRequest, signal?: AbortSignal, once = false): Promise<InboxAnswer> {
      const question = { path: paths.inbox, body: pack(inboxRequest, request), cap: SMALL, signed: route.signs, once }
      return read(inboxAnswer, await post(route, question, signal))
    },
    async *inboxStream(request: { readonly after: number }, signal: AbortSignal): AsyncGenerator<InboxFrame> {
      const { url, caller, signs } = route
      const call = { method: 'POST', url: url + paths.inboxStream, cap: SMALL, signed: signs } as const
      yield* framesIn(await caller.open({ ...call, body: pack(inboxStreamRequest, request) }, signal))
    },
    openUpload: ask(paths.uploads, uploadRequest, uploadAnswer, SMALL),
    async meeting(request: MeetingRequest, signal?: AbortSignal): Promise<MeetingAnswer> {
      const body = pack(meetingRequest, request)
      return read(meetingAnswer, await post(route, { path: paths.meetings, body, cap: SMALL, signed: false }, signal))
    },
    network: async (signal?: AbortSignal) => read(networkAnswer, await get(route, paths.network, SMALL, signal)),
    checkpoint: (signal?: AbortSignal) => get(route, '/checkpoint', SMALL, signal),
  }
}

function segmentCalls(route: Route) {
  return {
    async present({ ticket, record, names }: SegmentsToGet, signal?: AbortSignal): Promise<readonly boolean[]> {
      const body = pack(presentRequest, { record, names })
      const path = paths.present + query({ ticket })
      const bytes = await post(route, { path, body, cap: SMALL, signed: route.signs }, signal)
      const { present } = read(presentAnswer, bytes)
      if (present.length !== names.length) throw new ClientError('RELAY', 'the relay answers about other segments')
      return present
    },
    async attach(attachment: Uint8Array<ArrayBuffer>, signal?: AbortSignal): Promise<void> {
      await post(route, { path: paths.attachments, body: attachment, cap: SMALL, signed: route.signs }, signal)
    },
    async putSegments({ ticket, section, segments }: SegmentsToPut, signal?: AbortSignal): Promise<void> {
      const path = paths.segments + query({ section: String(section), ticket })
      const body = joinBatch(segments)
      await post(route, { path, body, cap: SMALL, signed: false }, signal)
      // Requests carry copies of their own.
      release(body)
    },
    getSegment({ ticket, record, name }: SegmentToGet, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
      const path = `${paths.segments}/${hex(record)}/${hex(name)}${query({ ticket })}`
      return get(route, path, limits.segment, signal)
    },
    async getSegments({ ticket, record, names }: SegmentsToGet, signal?: AbortSignal) {
      const body = pack(segmentBatchRequest, { record, names })
      const path = paths.segmentBatch + query({ ticket })
      return splitBatch(
        await post(route, { path, body, cap: limits.segmentBatch, signed: false }, signal),
        names.length,
      )
    },
  }
}

/** The query of a URL in the one spelling that is signed. */
const query = (fields: Readonly<Record<string, string>>): string => `?${new URLSearchParams(fields)}`

/** An answer's structure. @throws ClientError RELAY for bytes that are none. */
function read<A>(shape: Shape<A>, bytes: Uint8Array): A {
  try {
    return unpack(shape, bytes, 'answer', { bytes: LARGE })
  } catch (cause) {
    throw new ClientError('RELAY', 'the answer of the relay is not in its form', { cause })
  }
}
