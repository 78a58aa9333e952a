// A pool of workers that seals and opens the segments of files on other processor cores: types, messages, and the work of one worker.
// Spec: docs/spec/sealing.md, "Implementation notes". Same bytes as one thread: a worker calls floe.ts like everybody else.
// pool-node.ts runs it on Node's worker threads; elsewhere there is none (pool-web.ts), as WebCrypto has threads of its own.
import { equal } from '@sealchart/protocol'
import { systemRandom } from './check.js'
import { CryptoError } from './errors.js'
import { nameSegment, type Opening, resumeSealing, type Sealing, startOpening } from './floe.js'
import { type FloeParameters, type Segment, segmentIv } from './floe-layout.js'

/** One file's key and everything that its header commits to. Copied to a worker with the first segment, dropped by `end`. */
export interface PoolFile {
  readonly key: Uint8Array
  readonly aad: Uint8Array
  readonly header: Uint8Array
  readonly parameters: FloeParameters
}

/**
 * A segment's plaintext: bytes, whose memory is moved to the worker and gone for the caller, or a range of a file that the worker
 * reads itself; `size` bytes in all, zeros after the `length` bytes that the file has.
 */
export type Source =
  | { readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly path: string; readonly offset: number; readonly length: number; readonly size: number }

/** A sealed segment, its IV and its name. */
export interface NamedSegment extends Segment {
  readonly iv: Uint8Array
  readonly name: Uint8Array
}

/** Seals the segments of one file on the pool. */
export interface PoolSealing {
  /** Seals, opens again to check unless told not to, and names. Its memory is to be given back with `release`. @throws CryptoError as `Sealing`; INTERNAL when a worker ended */
  sealSegment(source: Source, position: number, final: boolean): Promise<NamedSegment>
  /** Makes the workers forget the file's key. */
  end(): void
}

/** Opens the segments of one file on the pool. */
export interface PoolOpening {
  /**
   * Opens a segment whose memory is moved to the worker and gone for the caller.
   * @throws CryptoError SEGMENT if it does not have this name; as `Opening`; INTERNAL when a worker ended
   */
  openSegment(segment: NamedBytes, position: number, final: boolean): Promise<Uint8Array>
  /** Makes the workers forget the file's key. */
  end(): void
}

/** A received segment and the name that its manifest gives it. */
export interface NamedBytes {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly name: Uint8Array
}

/** Callers bound the number of segments that wait: everything handed over is in memory at once. */
export interface SealPool {
  /** @throws CryptoError COMMITMENT, UNAUTHENTIC, USAGE for a header that is not the file's, INTERNAL once a worker has ended */
  seal(file: PoolFile, options?: PoolSealingOptions): PoolSealing
  /** @throws CryptoError COMMITMENT, UNAUTHENTIC, USAGE for a header that is not the file's, INTERNAL once a worker has ended */
  open(file: PoolFile): PoolOpening
  /** Ends the workers; what is still pending is rejected with INTERNAL. */
  close(): Promise<void>
}

export interface PoolSealingOptions {
  /** Opens each segment again before its plaintext is dropped; true unless told. Without it a fault of memory or processor is sealed in. */
  readonly check?: boolean
}

export type StartSealPool = (workers: number) => SealPool

export type Place = { readonly position: number; readonly final: boolean }
export type Job =
  | ({ readonly kind: 'seal'; readonly source: Source; readonly check: boolean } & Place)
  | ({ readonly kind: 'open'; readonly segment: NamedBytes } & Place)
export type ToWorker =
  | { readonly kind: 'begin'; readonly file: number; readonly mode: 'seal' | 'open'; readonly content: PoolFile }
  | { readonly kind: 'job'; readonly file: number; readonly id: number; readonly job: Job }
  | { readonly kind: 'end'; readonly file: number }
export type FromWorker =
  | { readonly id: number; readonly result: NamedSegment | Uint8Array }
  | { readonly id: number; readonly code: CryptoError['code']; readonly message: string }

/** The plaintext of a source, which may lie in the worker's scratch memory until the next call. Node only, hence an argument. */
export type ReadSource = (source: Source) => Uint8Array

/** One worker's work: takes messages, answers jobs. */
export function createWorker(read: ReadSource): (message: ToWorker) => Promise<FromWorker | null> {
  const sealings = new Map<number, Sealing>()
  const openings = new Map<number, Opening>()
  return async (message) => {
    if (message.kind === 'end') {
      sealings.delete(message.file)
      openings.delete(message.file)
      return null
    }
    if (message.kind === 'begin') {
      const { key, aad, header, parameters } = message.content
      if (message.mode === 'open') openings.set(message.file, startOpening(key, aad, header, parameters))
      else sealings.set(message.file, resumeSealing(key, aad, header, { parameters, random: systemRandom }))
      return null
    }
    const { id, file, job } = message
    try {
      return {
        id,
        result: await (job.kind === 'seal' ? seal(sealings.get(file), job, read) : open(openings.get(file), job)),
      }
    } catch (error) {
      // Classes do not survive the way between threads; codes do. Anything untyped is a bug of ours and says nothing more.
      if (error instanceof CryptoError) return { id, code: error.code, message: error.message }
      return { id, code: 'INTERNAL', message: 'a sealing worker failed' }
    }
  }
}

type SealJob = Job & { readonly kind: 'seal' }
type OpenJob = Job & { readonly kind: 'open' }

async function seal(sealing: Sealing | undefined, job: SealJob, read: ReadSource): Promise<NamedSegment> {
  if (sealing === undefined) throw new CryptoError('USAGE', 'the file has ended')
  const plaintext = read(job.source)
  const segment = await sealing.sealSegment(plaintext, job.position, job.final)
  if (job.check) await sealing.verifySegment(segment, plaintext, job.position, job.final)
  return { ...segment, iv: segmentIv(segment).slice(), name: await nameSegment(segment) }
}

async function open(opening: Opening | undefined, { segment, position, final }: OpenJob): Promise<Uint8Array> {
  if (opening === undefined) throw new CryptoError('USAGE', 'the file has ended')
  if (!equal(await nameSegment(segment.bytes), segment.name)) {
    throw new CryptoError('SEGMENT', 'the segment is not the one that the manifest names')
  }
  return opening.openSegment(segment.bytes, position, final)
}
