// What a source is: the forms in which a caller passes a file, and the two in which an upload reads it. Types only.
// Spec: docs/sdk.md, "Files". sources.ts brings the one into the other.

/** Bytes of a file, in any form. A text is a path (Node only). */
export type FileData = Uint8Array | Blob | ReadableStream<Uint8Array> | string

/** A file with what is to be known of it; what is left out is taken from the data where that says it. */
export interface NamedFile {
  readonly data: FileData
  readonly name?: string
  /** Media type; by the name's extension unless told. */
  readonly type?: string
  /** The folders above the file, joined by `/`. */
  readonly path?: string
  /** When the content last changed: ms since 1970, or a date. */
  readonly modified?: number | Date
  /** Bytes that a stream will give; one that gives another number is refused. */
  readonly length?: number
}

export type FileInput = FileData | NamedFile

/** Files of one section: one, a list, or what `fromFolder` and `fromFiles` give. */
export type FilesInput = FileInput | Iterable<FileInput> | AsyncIterable<FileInput>

/** What a file's header says of it beside its key and length. */
export interface Description {
  readonly name: string
  readonly mediaType: string
  readonly path: string
  readonly modified: number | null
}

/** A source that can be read anywhere and again: bytes, a Blob, a file on disk. */
export interface AnywhereSource extends Description {
  readonly kind: 'anywhere'
  readonly length: number
  /** The file on disk, for workers that read it themselves; null for all else. */
  readonly location: string | null
  /** Exactly `length` bytes from `offset`. @throws ClientError SOURCE_CHANGED when there are fewer */
  read(offset: number, length: number): Promise<Uint8Array>
  /** Whether length and time of change are still those that the source began with. */
  isUnchanged(): Promise<boolean>
}

/** A source that can be read once: a stream. `length` is null when nobody knows it. */
export interface OnceSource extends Description {
  readonly kind: 'once'
  readonly length: number | null
  open(): ReadableStream<Uint8Array>
}

export type Source = AnywhereSource | OnceSource

/** What the data itself says. */
export interface Found {
  readonly name?: string
  readonly type?: string
  readonly modified?: number
}
