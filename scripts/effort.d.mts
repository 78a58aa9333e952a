/** True in the nightly run (SEALCHART_EFFORT=long). */
export declare const isLong: boolean

/**
 * How many times a test should try something: `ci` on every push; in the nightly run `long`, or 25 times `ci` where none is given.
 * @example fc.assert(property, { numRuns: effort(200) })
 */
export declare function effort(ci: number, long?: number): number
