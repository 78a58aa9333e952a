// Mutations that know CBOR: one item becomes another, or its head lies. Half of them give valid CBOR of another structure, so that
// what comes after the codec is reached too.
import { headOf, headOfWidth, itemsOf, join, replaceItem } from './items.mjs'

const utf8 = (text) => new Uint8Array(Buffer.from(text))
const bytesItem = (content) => join(headOf(2, content.length), content)
const textItem = (content) => join(headOf(3, content.length), content)

const integers = [0, 1, 2, 3, 6, 7, 8, 23, 24, 31, 32, 33, 255, 256, 257, 65_535, 65_536, 0xffffffff].concat([
  0x100000000,
  1_790_000_000_000,
  Number.MAX_SAFE_INTEGER - 1,
  Number.MAX_SAFE_INTEGER,
])
/** Lengths that no input has. */
const huge = [0xffff, 0x10000, 0x7fffffff, 0xffffffff, 0x100000000, Number.MAX_SAFE_INTEGER, 2 ** 53, 2 ** 63]
/** Some break the text rules; others are words of the formats. */
const texts =
  'a 陳大文 e\u0301 \u2126 a\u0000b \u0085 \u2028 \u202e \u2066 \ufeffa \u{1f3e5} .. a/b . found create view argon2id'
    .split(' ')
    .concat('', '__proto__', 'constructor')
    .map(utf8)
const badTexts = ['c080', 'eda080', 'f4908080', 'c3', '80', 'fe'].map((digits) =>
  Uint8Array.from(Buffer.from(digits, 'hex')),
)
const simple = [
  'f4',
  'f5',
  'f6',
  'f7',
  'e0',
  'f800',
  'f93c00',
  'fb3ff0000000000000',
  'ff',
  '1c',
  'a0',
  'c000',
  '9fff',
  '5fff',
]

/** An item of some other type. */
function anyItem(random) {
  const how = random.below(7)
  if (how === 0) return headOf(random.chance(3) ? 1 : 0, random.pick(integers))
  if (how === 1)
    return bytesItem(new Uint8Array(random.pick([0, 1, 16, 31, 32, 33, 64, 74, 256])).fill(random.below(256)))
  if (how === 2) return textItem(random.pick(texts))
  if (how === 3) return Uint8Array.from(Buffer.from(random.pick(simple), 'hex'))
  if (how === 4) return Uint8Array.of(0xf6)
  if (how === 5) return Uint8Array.of(0x80)
  return join(headOf(4, 2), anyItem(random), anyItem(random))
}

const ofItem = {
  /** Another major type, or other additional information: a head that lies. */
  head(given, random) {
    const out = given.bytes.slice()
    const { from } = given.item
    out[from] = random.chance(2) ? (random.below(8) << 5) | (out[from] & 31) : (out[from] & 0xe0) | random.below(32)
    return out
  },
  /** The same number in a longer form. */
  long({ bytes, items, own, item }, random) {
    const head = headOfWidth(item.major, item.value, random.pick([1, 2, 4, 8]))
    return replaceItem(bytes, items, own, join(head, bytes.subarray(item.body, item.to)))
  },
  indefinite({ bytes, items, own, item }, random) {
    const end = random.chance(2) ? Uint8Array.of(0xff) : new Uint8Array()
    const head = Uint8Array.of((item.major << 5) | 31)
    return replaceItem(bytes, items, own, join(head, bytes.subarray(item.body, item.to), end))
  },
  /** A length or number that is not that of what follows. */
  length({ bytes, item }, random) {
    const value = random.chance(2) ? random.pick(huge) : Math.max(0, item.value + random.pick([-1, 1]))
    return join(bytes.subarray(0, item.from), headOf(item.major, value), bytes.subarray(item.body))
  },
  integer: ({ bytes, items, own }, random) => replaceItem(bytes, items, own, headOf(0, random.pick(integers))),
  /** Content of another length, with the head that fits it. */
  resize({ bytes, items, own, item }, random) {
    if (item.major !== 2 && item.major !== 3) return ofItem.integer({ bytes, items, own }, random)
    const content = bytes.subarray(item.body, item.to)
    const length = random.pick([0, 1, content.length - 1, content.length + 1, 2 * content.length, 4097, 33, 501])
    const other = new Uint8Array(Math.max(0, length)).fill(item.major === 3 ? 0x61 : 0)
    other.set(content.subarray(0, other.length))
    return replaceItem(bytes, items, own, join(headOf(item.major, other.length), other))
  },
  /** One bit of the content. */
  bit({ bytes, item }, random) {
    if (item.to === item.from) return bytes
    const out = bytes.slice()
    out[item.from + random.below(item.to - item.from)] ^= 1 << random.below(8)
    return out
  },
  drop: ({ bytes, items, own }, random) =>
    replaceItem(bytes, items, own, new Uint8Array(), random.chance(4) ? null : 0),
  double({ bytes, items, own, item }, random) {
    const piece = bytes.subarray(item.from, item.to)
    return replaceItem(bytes, items, own, join(piece, piece), random.chance(4) ? null : 2)
  },
  /** Two items of one array in each other's place. */
  swap({ bytes, items, item }, random) {
    const others = items.filter(({ parent, from }) => parent === item.parent && from > item.from)
    if (others.length === 0) return ofItem.bit({ bytes, item }, random)
    const { from, to } = random.pick(others)
    const [a, b] = [bytes.subarray(item.from, item.to), bytes.subarray(from, to)]
    return join(bytes.subarray(0, item.from), b, bytes.subarray(item.to, from), a, bytes.subarray(to))
  },
  nest({ bytes, items, own, item }, random) {
    const around = new Uint8Array(random.pick([1, 1, 2, 15, 16, 17, 1000])).fill(0x81)
    return replaceItem(bytes, items, own, join(around, bytes.subarray(item.from, item.to)))
  },
  other: ({ bytes, items, own }, random) => replaceItem(bytes, items, own, anyItem(random)),
  insert({ bytes, items, own, item }, random) {
    const pieces = join(anyItem(random), bytes.subarray(item.from, item.to))
    return replaceItem(bytes, items, own, pieces, random.chance(4) ? null : 2)
  },
  /** An item of this or another seed. */
  strange({ bytes, items, own }, random, other) {
    const others = itemsOf(other)
    if (others.length === 0) return bytes
    const { from, to } = random.pick(others)
    return replaceItem(bytes, items, own, other.slice(from, to))
  },
  text({ bytes, items, own, item }, random) {
    const piece = random.chance(3) ? random.pick(badTexts) : random.pick(texts)
    const content = random.chance(2) ? join(bytes.subarray(item.body, item.to), piece) : piece
    return replaceItem(bytes, items, own, textItem(content))
  },
}
const kinds = Object.values(ofItem)

/** One mutation of an input of CBOR; of texts and integers more often than of their share, since most items are byte strings. */
export function mutateItems(bytes, random, other) {
  const items = itemsOf(bytes)
  if (items.length === 0) return anyItem(random)
  let own = random.below(items.length)
  if (items[own].major === 2 && random.chance(2)) own = random.below(items.length)
  return random.pick(kinds)({ bytes, items, own, item: items[own] }, random, other)
}
