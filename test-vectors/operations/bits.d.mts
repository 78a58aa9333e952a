// Types of bits.mjs, for the tests that read the vectors.
import type { Vector } from './files.mjs'

export declare function withOneBit(vector: Vector, path: string): Vector | null
