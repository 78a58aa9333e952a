// Mutations of text formats (notes, verifier keys, paths, headers, network files): of lines and of characters.
// Bytes are held as Latin-1, so that what is no UTF-8 goes through unchanged.
import { Buffer } from 'node:buffer'

const toText = (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
const toBytes = (text) => new Uint8Array(Buffer.from(text, 'latin1'))

/** As UTF-8 in Latin-1. The last two are no UTF-8. */
const strange =
  '+ / = " \' : ; , . - — % # ? @ 0 00 1e3 -1 ٣ ９ 9007199254740991 9007199254740992 x000/ .p/256 __proto__'
    .split(' ')
    .concat('\n', '\n\n', '\r\n', ' ', '\t', '\0', '\u00a0', '\u200b', '\u2028', '\u202e', '\u0085')
    .concat('\ufeff', 'e\u0301', 'Å', '🏥', '18446744073709551616')
    .map((text) => toText(Buffer.from(text)))
    .concat('\xc0\x80', '\xed\xa0\x80')

const place = (text, random) => random.below(text.length + 1)

const ofCharacters = [
  (text, random) => {
    const at = place(text, random)
    return text.slice(0, at) + random.pick(strange) + text.slice(at)
  },
  (text, random) => {
    const at = place(text, random)
    return text.slice(0, at) + random.pick(strange) + text.slice(at + 1)
  },
  (text, random) => {
    const at = place(text, random)
    return text.slice(0, at) + text.slice(at + 1 + random.below(random.pick([1, 4, 30])))
  },
  // One character another one: a digit mostly stays a digit.
  (text, random) => {
    const at = place(text, random)
    const code = text.charCodeAt(at) + random.pick([-1, 1, 32, -32])
    return code > 0 && code < 256 ? text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1) : text
  },
  (text, random) => {
    const at = place(text, random)
    const piece = text.slice(at, at + 1 + random.below(8))
    return text.slice(0, at) + piece.repeat(random.pick([2, 2, 3, 40, 300])) + text.slice(at + piece.length)
  },
  (text, random) => (random.chance(2) ? text.toUpperCase() : text.toLowerCase()),
  (text, random) => text.slice(0, place(text, random)),
]

const ofLines = [
  (lines, random) => void lines.splice(random.below(lines.length), 1),
  (lines, random) => void lines.splice(random.below(lines.length), 0, lines[random.below(lines.length)]),
  (lines, random) => void lines.splice(random.below(lines.length), 0, ''),
  (lines, random) => {
    const [a, b] = [random.below(lines.length), random.below(lines.length)]
    ;[lines[a], lines[b]] = [lines[b], lines[a]]
  },
  (lines, random, others) => void lines.splice(random.below(lines.length), 1, others[random.below(others.length)]),
  (lines, random, others) => void lines.push(...others.slice(random.below(others.length))),
  // One line many times: counts have limits too.
  (lines, random) => {
    const at = random.below(lines.length)
    lines.splice(at, 0, ...Array(random.pick([2, 31, 32, 33, 100])).fill(lines[at]))
  },
]

export function mutateText(bytes, random, other) {
  const text = toText(bytes)
  if (random.below(3) > 0 || !text.includes('\n')) return toBytes(random.pick(ofCharacters)(text, random))
  const lines = text.split('\n')
  random.pick(ofLines)(lines, random, toText(other).split('\n'))
  return toBytes(lines.join('\n'))
}
