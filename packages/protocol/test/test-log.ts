// A log in memory for the tests, with real proofs of whatever was appended to it: what a relay, honest or not, can show.
import { ed25519 } from '@noble/curves/ed25519.js'
import { sha256 } from '#sha256'
import { planBatch } from '../src/batch.js'
import { type TreeHash, utf8 } from '../src/bytes.js'
import { signCheckpoint } from '../src/checkpoint.js'
import type { AnyEntry } from '../src/entry.js'
import { encodeEntryLeaf, encodeSeal, type Seal } from '../src/leaf.js'
import { append, assemble, type Edge, emptyEdge, leafHash, planConsistency, rootOfEdge } from '../src/merkle.js'
import { type NoteSigner, noteKey } from '../src/note.js'
import { type AccessPlace, type Proven, slotOf } from '../src/proven.js'

/** 32 bytes that follow from a text. */
export const idOf = <T extends Uint8Array = Uint8Array<ArrayBuffer>>(name: string): T =>
  sha256(utf8(name)) as Uint8Array as T

export interface LogEntry {
  readonly entry: AnyEntry
  readonly access: AccessPlace | null
}

/** A log that proves whatever was appended to it. */
export class TestLog {
  readonly signer: NoteSigner
  readonly entries: (LogEntry & { readonly index: number })[] = []
  readonly seals: Seal[] = []
  readonly #nodes = new Map<string, TreeHash>()
  #edges: Edge[] = [emptyEdge]

  constructor(name = 'log.example') {
    const secret = idOf(`log key of ${name}`)
    const key = noteKey(name, ed25519.getPublicKey(secret))
    this.signer = { key, sign: (message) => ed25519.sign(message, secret) }
  }

  get size(): number {
    return this.#edges.length - 1
  }

  /** Another log that has grown the same way so far. */
  copy(): TestLog {
    const log = new TestLog(this.signer.key.name)
    log.entries.push(...this.entries)
    log.seals.push(...this.seals)
    log.#edges = [...this.#edges]
    for (const [key, node] of this.#nodes) log.#nodes.set(key, node)
    return log
  }

  head(size = this.size): { size: number; root: TreeHash } {
    return { size, root: rootOfEdge(this.#edges[size] as Edge) }
  }

  /** One batch: entries and their seal. The index of the first. */
  append(batch: readonly LogEntry[], time: number, seal: Partial<Seal> = {}): number {
    const first = this.size
    for (const { entry, access } of batch) {
      this.entries.push({ entry, access, index: this.size })
      this.#push(encodeEntryLeaf(slotOf(entry, access), entry.hash))
    }
    this.seals.push({ first, size: this.size + 1, time, prefixRoot: null, ...seal })
    this.#push(encodeSeal(this.seals.at(-1) as Seal))
    return first
  }

  #push(data: Uint8Array): void {
    const keep = ({ level, index }: { level: number; index: number }, hash: TreeHash) =>
      void this.#nodes.set(`${level}/${index}`, hash)
    this.#edges.push(append(this.#edges.at(-1) as Edge, leafHash(data), keep))
  }

  readonly #node = ({ level, index }: { level: number; index: number }): TreeHash =>
    this.#nodes.get(`${level}/${index}`) as TreeHash

  /** Proven entries: all that `wanted` picks, as seen by somebody who knows the tree of size `seen`. */
  proven(
    wanted: (one: LogEntry & { readonly index: number }) => boolean = () => true,
    { seen = 0, size = this.size }: { seen?: number; size?: number } = {},
  ): Proven {
    const entries = this.entries.filter((one) => one.index < size && wanted(one))
    const seals = this.seals.filter((seal) => entries.some(({ index }) => seal.first <= index && index < seal.size - 1))
    const indices = [...entries.map(({ index }) => index), ...seals.map((seal) => seal.size - 1)].sort((a, b) => a - b)
    const growth = seen > 0 && seen < size ? planConsistency(seen, size) : null
    return {
      checkpoint: signCheckpoint({ origin: this.signer.key.name, ...this.head(size) }, this.signer),
      consistency: growth ? assemble(growth, growth.nodes.map(this.#node)) : [],
      entries: entries.map(({ entry, access, index }) => ({ index, bytes: entry.bytes, access })),
      seals,
      nodes: indices.length > 0 ? planBatch(size, indices).map(this.#node) : [],
    }
  }
}
