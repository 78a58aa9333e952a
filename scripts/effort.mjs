// How hard the tests try. SEALCHART_EFFORT=ci (or unset) is what every push pays for; SEALCHART_EFFORT=long is the nightly run.

const level = process.env.SEALCHART_EFFORT || 'ci'
if (level !== 'ci' && level !== 'long') throw new Error(`SEALCHART_EFFORT must be "ci" or "long", not "${level}"`)

export const isLong = level === 'long'

/** `ci` on every push; in the nightly run `long`, or 25 times `ci` where none is given. */
export function effort(ci, long = 25 * ci) {
  return isLong ? long : ci
}
