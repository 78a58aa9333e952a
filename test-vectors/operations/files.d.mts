// Types of files.mjs, for the tests that read the vectors.
export interface Vector {
  readonly operation: string
  readonly spec: string
  readonly comment: string
  readonly inputs: Readonly<Record<string, unknown>>
  readonly output?: unknown
  readonly expect?: string
}

export declare function areasIn(folder: string): string[]
export declare function vectorsIn(folder: string): { readonly path: string; readonly vector: Vector }[]
