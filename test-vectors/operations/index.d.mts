// Types of index.mjs, for the tests that read the vectors.
export declare const operations: Readonly<Record<string, unknown>>
export declare function verdict(vector: {
  readonly operation: string
  readonly inputs: unknown
}): Promise<{ readonly output: unknown } | { readonly expect: string }>
