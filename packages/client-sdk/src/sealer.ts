// Sealers: one file's pieces into named segments, on this thread or, for large files in Node, on a pool of two workers.
// Spec: docs/spec/sealing.md. Every segment is opened again and compared before its plaintext is dropped; there is no way without.
import {
  FILE,
  type FileKey,
  nameSegment,
  type Random,
  type RecordedSegment,
  resumeSealing,
  type SealPool,
  type Segment,
  segmentIv,
  startSealing,
  startSealPool,
} from '@sealchart/crypto'
import type { Digest } from '@sealchart/protocol'
import type { Piece } from './pieces.js'

/** A file from which on workers are worth their start. */
const LARGE = 64 * 1024 * 1024
const WORKERS = 2

/** A file's key, what its segments are bound to, and its FLOE header (74 bytes, null for a file that begins). */
export interface SealedFile {
  readonly fileKey: FileKey
  readonly aad: Uint8Array
  readonly header: Uint8Array | null
}

/** A sealed piece in the parts that make it up, with what a resumption must know of it. */
export interface SealedPiece {
  readonly parts: readonly Uint8Array[]
  readonly iv: Uint8Array
  readonly name: Digest
}

export interface Sealer {
  readonly header: Uint8Array
  /** @throws CryptoError SELFCHECK, SOURCE_CHANGED, INTERNAL */
  seal(piece: Piece): Promise<SealedPiece>
  /** The piece as it was sealed before an interruption. @throws CryptoError SOURCE_CHANGED if it is not the same */
  reseal(piece: Piece, recorded: RecordedSegment): Promise<SealedPiece>
  /** Makes workers forget the file's key. */
  end(): void
}

export interface Sealers {
  /** A sealer for a file of about this length. */
  start(file: SealedFile, length: number): Sealer
  /** Ends the workers, if any began. */
  close(): Promise<void>
}

const partsOf = ({ prefix, body, tag }: Segment): readonly Uint8Array[] => [prefix, body, tag]

export function createSealers(random: Random): Sealers {
  let pool: SealPool | null = null
  return {
    start({ fileKey: key, aad, header: known }, length) {
      const options = { parameters: FILE, random }
      const sealing = known ? resumeSealing(key, aad, known, options) : startSealing(key, aad, options)
      const { header } = sealing
      const sealer: Sealer = {
        header,
        async seal(piece) {
          const plaintext = await piece.load()
          const segment = await sealing.sealSegment(plaintext, piece.position, piece.final)
          await sealing.verifySegment(segment, plaintext, piece.position, piece.final)
          const name = (await nameSegment(segment)) as Digest
          return { parts: partsOf(segment), iv: segmentIv(segment).slice(), name }
        },
        async reseal(piece, recorded) {
          const segment = await sealing.resealSegment(await piece.load(), piece.position, piece.final, recorded)
          return { parts: partsOf(segment), iv: recorded.iv, name: recorded.name as Digest }
        },
        end: () => undefined,
      }
      if (length < LARGE || startSealPool === null) return sealer
      pool ??= startSealPool(WORKERS)
      const lanes = pool.seal({ key, aad, header, parameters: FILE })
      return {
        ...sealer,
        async seal(piece) {
          const source = piece.range ?? { bytes: owned(await piece.load()) }
          const { name, iv, ...segment } = await lanes.sealSegment(source, piece.position, piece.final)
          return { parts: partsOf(segment), iv, name: name as Digest }
        },
        end: lanes.end,
      }
    },
    async close() {
      await pool?.close()
    },
  }
}

/** Memory that may be moved to a worker: the caller's own bytes stay where they are. */
const owned = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes)
