// A lenient reader of CBOR for the mutations: where each item of an input begins and ends, in bytes that may be damaged already.
// It also looks into byte strings that hold CBOR (payloads, entries, rows). It decides nothing: what is valid says the codec.

const MOST_ITEMS = 3000
const DEEPEST = 60
const BREAK = 0xff

/**
 * An item: its head from `from`, its content from `body` to `to`; `parent` is a place in the list, −1 for the outermost.
 * @typedef {{ from: number, body: number, to: number, major: number, value: number, parent: number }} Item
 */

/** The items of an input, parents before children. Ends where bytes no longer look like CBOR. @returns {Item[]} */
export function itemsOf(bytes) {
  const items = []
  readItem({ bytes, items }, { at: 0, end: bytes.length, parent: -1, depth: 0 })
  return items
}

function headAt(bytes, at, end) {
  const info = bytes[at] & 31
  const width = info >= 24 && info <= 27 ? 1 << (info - 24) : 0
  let value = width === 0 ? info : 0
  for (let i = 1; i <= width && at + i < end; i++) value = value * 256 + bytes[at + i]
  return { major: bytes[at] >> 5, value, isIndefinite: info === 31, body: Math.min(end, at + 1 + width) }
}

/** Reads one item; answers where the next one begins, or −1 when nothing more can be read. */
function readItem(reader, { at, end, parent, depth }) {
  const { bytes, items } = reader
  if (at >= end || depth > DEEPEST || items.length >= MOST_ITEMS) return -1
  const { major, value, isIndefinite, body } = headAt(bytes, at, end)
  const item = { from: at, body, to: body, major, value, parent }
  const own = items.push(item) - 1
  if (major === 2 || major === 3) {
    item.to = Math.min(end, body + value)
    if (major === 2) readEmbedded(reader, item, own, depth)
  } else if (major >= 4 && major <= 6) {
    item.to = readContent(reader, {
      own,
      end,
      depth,
      count: isIndefinite ? Infinity : [value, 2 * value, 1][major - 4],
    })
  }
  return item.to
}

function readContent(reader, { own, end, depth, count }) {
  let at = reader.items[own].body
  for (let i = 0; i < count && at < end; i++) {
    if (count === Infinity && reader.bytes[at] === BREAK) return at + 1
    const next = readItem(reader, { at, end, parent: own, depth: depth + 1 })
    if (next < 0) return at
    at = next
  }
  return at
}

/** A byte string that is an array, a map or a tag from its first to its last byte is read too. */
function readEmbedded(reader, { body, to }, own, depth) {
  const first = reader.bytes[body]
  if (to - body < 2 || first < 0x80 || first > 0xdb) return
  const before = reader.items.length
  if (readItem(reader, { at: body, end: to, parent: own, depth: depth + 1 }) !== to) reader.items.length = before
}

/** The shortest head of a major type and an argument up to 2^53−1. */
export function headOf(major, value) {
  const width = value < 24 ? 0 : value < 0x100 ? 1 : value < 0x10000 ? 2 : value < 0x100000000 ? 4 : 8
  return headOfWidth(major, value, width)
}

/** A head whose argument takes 0, 1, 2, 4 or 8 bytes. */
export function headOfWidth(major, value, width) {
  const head = new Uint8Array(1 + width)
  head[0] = (major << 5) | (width === 0 ? value & 31 : 24 + Math.log2(width))
  for (let at = width, rest = value; at > 0; at--, rest = Math.floor(rest / 256)) head[at] = rest
  return head
}

export function join(...parts) {
  let length = 0
  for (const part of parts) length += part.length
  const out = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/**
 * The input with other bytes instead of `items[own]`, and the lengths of the byte strings around it made right. `count`: how many items the
 * new bytes are, for the number in the array around them; null leaves that number as it is.
 */
export function replaceItem(bytes, items, own, replacement, count = null) {
  let { from, to, parent } = items[own]
  let inside = replacement
  for (let direct = true; parent >= 0; direct = false) {
    const around = items[parent]
    const wrap = around.major === 2 || (direct && count !== null && around.major === 4)
    if (wrap) {
      const content = join(bytes.subarray(around.body, from), inside, bytes.subarray(to, around.to))
      const value = around.major === 2 ? content.length : Math.max(0, around.value + count - 1)
      inside = join(headOf(around.major, value), content)
      ;({ from, to } = around)
    }
    parent = around.parent
  }
  return join(bytes.subarray(0, from), inside, bytes.subarray(to))
}
