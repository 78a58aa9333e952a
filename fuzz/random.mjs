// Random numbers that are the same on every machine: sfc32 (PractRand), seeded by a 32-bit number, a name and a count.
// Not for secrets. An input of the fuzzers is a function of the run's seed, its target's name and its number, and of nothing else.

const hashes = new Map()

/** FNV-1a over the UTF-16 units of a name. */
function hashOf(text) {
  const known = hashes.get(text)
  if (known !== undefined) return known
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hashes.set(text, hash)
  return hash
}

/** @typedef {{ below(n: number): number, pick<T>(list: readonly T[]): T, chance(n: number): boolean }} Random */

/** The numbers of one input. `below(n)` is in 0…n−1; `chance(n)` is true once in n. @returns {Random} */
export function randomOf(seed, name, count) {
  let [a, b, c, counter] = [seed | 0, hashOf(name), count | 0, 1]
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return sum >>> 0
  }
  // sfc32 needs a dozen rounds until each bit of the seed has reached every bit of the state.
  for (let i = 0; i < 15; i++) next()
  const below = (n) => Math.floor((next() / 0x100000000) * n)
  return { below, pick: (list) => list[below(list.length)], chance: (n) => below(n) === 0 }
}
