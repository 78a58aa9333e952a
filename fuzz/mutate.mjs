// One input from seeds: 1 to 4 mutations on top of each other, after the form of what a target reads. Deterministic in `random`.
// Forms: cbor, text, framed (4-byte lengths before items of CBOR, as in wrap lists and batches), bytes. Every form gets byte mutations too.

import { join } from './items.mjs'
import { mutateItems } from './mutate-cbor.mjs'
import { mutateText } from './mutate-text.mjs'

/** Longer inputs are cut; a limit above that is tested by seeds. */
const MOST_BYTES = 256 * 1024
/** Larger seeds are taken once in so many inputs. */
const LARGE = 8 * 1024
const LARGE_EVERY = 100

const interesting = [0, 1, 2, 0x17, 0x18, 0x1f, 0x20, 0x40, 0x58, 0x60, 0x7f, 0x80, 0x9b, 0x9f, 0xd2, 0xf4, 0xf6, 0xff]

const range = (bytes, random) => {
  const from = random.below(bytes.length + 1)
  return [from, Math.min(bytes.length, from + 1 + random.below(random.pick([2, 8, 40, bytes.length + 1])))]
}

const ofBytes = [
  (bytes, random) => {
    if (bytes.length === 0) return bytes
    const out = bytes.slice()
    out[random.below(out.length)] ^= 1 << random.below(8)
    return out
  },
  (bytes, random) => {
    if (bytes.length === 0) return bytes
    const out = bytes.slice()
    out[random.below(out.length)] = random.chance(2) ? random.pick(interesting) : random.below(256)
    return out
  },
  (bytes, random) => bytes.slice(0, random.below(bytes.length + 1)),
  (bytes, random) => bytes.slice(random.below(Math.min(bytes.length, 16) + 1)),
  (bytes, random) =>
    join(
      bytes,
      Uint8Array.from({ length: 1 + random.below(40) }, () => random.below(256)),
    ),
  (bytes, random) => {
    const [from, to] = range(bytes, random)
    return join(bytes.subarray(0, to), bytes.subarray(from))
  },
  (bytes, random) => {
    const [from, to] = range(bytes, random)
    return join(bytes.subarray(0, from), bytes.subarray(to))
  },
  // Swaps two neighbouring chunks.
  (bytes, random) => {
    const [from, to] = range(bytes, random)
    const end = Math.min(bytes.length, 2 * to - from)
    return join(bytes.subarray(0, from), bytes.subarray(to, end), bytes.subarray(from, to), bytes.subarray(end))
  },
  // The beginning of one and the end of another.
  (bytes, random, other) =>
    join(bytes.subarray(0, random.below(bytes.length + 1)), other.subarray(random.below(other.length + 1))),
]

const mutateBytes = (bytes, random, other) => random.pick(ofBytes)(bytes, random, other)

/** Takes lengths and items apart; what does not fit stays as the last frame. */
function framesOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const frames = []
  let at = 0
  while (at + 4 <= bytes.length && at + 4 + view.getUint32(at) <= bytes.length) {
    frames.push(bytes.subarray(at + 4, at + 4 + view.getUint32(at)))
    at += 4 + view.getUint32(at)
  }
  return { frames, rest: bytes.subarray(at) }
}

/** Items with their lengths, four bytes, big-endian, before them. */
export function framed(frames) {
  return join(
    ...frames.flatMap((frame) => {
      const length = new Uint8Array(4)
      new DataView(length.buffer).setUint32(0, frame.length)
      return [length, frame]
    }),
  )
}

function mutateFramed(bytes, random, other) {
  const { frames, rest } = framesOf(bytes)
  if (frames.length === 0 || random.chance(6)) return mutateBytes(bytes, random, other)
  const at = random.below(frames.length)
  const [strange = other] = framesOf(other).frames
  const how = random.below(6)
  if (how === 0) frames.splice(at, 1)
  else if (how === 1) frames.splice(at, 0, frames[random.below(frames.length)])
  else if (how === 2) frames.splice(at, 0, strange)
  else if (how === 3) frames.reverse()
  else frames[at] = mutateItems(frames[at], random, strange)
  return join(framed(frames), rest)
}

const ofForm = {
  bytes: mutateBytes,
  text: (bytes, random, other) =>
    random.chance(8) ? mutateBytes(bytes, random, other) : mutateText(bytes, random, other),
  framed: mutateFramed,
  cbor: (bytes, random, other) =>
    random.chance(5) ? mutateBytes(bytes, random, other) : mutateItems(bytes, random, other),
}

const shortOnes = new WeakMap()

/** One of the seeds; a long one seldom, because it costs the time of a hundred short ones. */
function choose(seeds, random) {
  const short = shortOnes.get(seeds) ?? seeds.filter((seed) => seed.length <= LARGE)
  shortOnes.set(seeds, short)
  return random.pick(short.length === 0 || random.chance(LARGE_EVERY) ? seeds : short)
}

/** Input number `count` of a target: first its seeds as they are, then mutations of them. */
export function inputOf({ seeds, lenders = seeds, form, repair }, count, random) {
  if (count < seeds.length) return seeds[count]
  let bytes = choose(seeds, random)
  for (let times = 1 + random.below(4); times > 0; times--) {
    bytes = ofForm[form](bytes, random, choose(lenders, random))
    if (bytes.length > MOST_BYTES) bytes = bytes.slice(0, MOST_BYTES)
  }
  return repair && random.chance(2) ? repair(bytes) : bytes
}
