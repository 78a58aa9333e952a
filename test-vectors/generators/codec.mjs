// Values and what is not the encoding of one. Spec: docs/spec/encoding.md.
import { encode } from '../../packages/protocol/dist/index.js'
import { hex } from '../operations/notation.mjs'
import { vectorsOf } from './vectors.mjs'

const values = {
  'integer-0': ['The smallest unsigned integer.', 0],
  'integer-23': ['The largest integer that stands in the first byte.', 23],
  'integer-24': ['The first integer with one byte of argument.', 24],
  'integer-255': ['The last integer with one byte of argument.', 255],
  'integer-256': ['The first integer with two bytes of argument.', 256],
  'integer-65536': ['The first integer with four bytes of argument.', 65_536],
  'integer-2-to-32': ['The first integer with eight bytes of argument.', 2 ** 32],
  'integer-largest': ['The largest integer: 2^53 − 1.', Number.MAX_SAFE_INTEGER],
  'negative-1': ['The largest negative integer.', -1],
  'negative-smallest': ['The smallest integer: −(2^53 − 1).', -Number.MAX_SAFE_INTEGER],
  'true-false-null': ['The three simple values there are.', [true, false, null]],
  'bytes-empty': ['An empty byte string.', new Uint8Array(0)],
  'bytes-256': ['A byte string whose length takes two bytes.', new Uint8Array(256).fill(7)],
  'text-empty': ['An empty text.', ''],
  'text-chinese': ['Text in UTF-8.', '陳大文'],
  'text-beyond-the-basic-plane': ['A character of four bytes.', '𠮷'],
  'text-byte-order-mark': ['A leading U+FEFF is a character like others.', '\ufeffa'],
  'array-empty': ['An empty array.', []],
  'array-24': ['An array whose length takes a byte.', Array(24).fill(0)],
  'depth-16': [
    'Sixteen levels of arrays.',
    Array(15)
      .fill()
      .reduce((inner) => [inner], []),
  ],
}

const refused = {
  // [code, bytes, why]
  'empty-input': ['DECODE_TRUNCATED', '', 'No value at all.'],
  'cut-argument': ['DECODE_TRUNCATED', '19 01', 'The argument of an integer is cut.'],
  'cut-bytes': ['DECODE_TRUNCATED', '43 01 02', 'A byte string is shorter than it says.'],
  'cut-text': ['DECODE_TRUNCATED', '62 61', 'A text is shorter than it says.'],
  'cut-array': ['DECODE_TRUNCATED', '82 00', 'An array has fewer items than it says.'],
  'array-longer-than-input': [
    'DECODE_TRUNCATED',
    '9b 001fffffffffffff',
    'Compared with what is left before anything is allocated.',
  ],
  'bytes-longer-than-input': [
    'DECODE_TRUNCATED',
    '5b 001fffffffffffff',
    'Compared with what is left before anything is allocated.',
  ],
  'trailing-value': ['DECODE_TRAILING', '00 00', 'A second value follows.'],
  'trailing-after-array': ['DECODE_TRAILING', '81 00 00', 'A byte follows the array.'],
  'integer-23-in-two-bytes': ['DECODE_NOT_SHORTEST', '18 17', '23 stands in the first byte.'],
  'integer-255-in-three-bytes': ['DECODE_NOT_SHORTEST', '19 00ff', '255 takes one byte of argument.'],
  'integer-65535-in-five-bytes': ['DECODE_NOT_SHORTEST', '1a 0000ffff', '65535 takes two bytes of argument.'],
  'integer-in-nine-bytes': ['DECODE_NOT_SHORTEST', '1b 00000000ffffffff', '2^32 − 1 takes four bytes of argument.'],
  'negative-not-shortest': ['DECODE_NOT_SHORTEST', '38 00', '−1 stands in the first byte.'],
  'length-not-shortest': ['DECODE_NOT_SHORTEST', '58 01 00', 'A length stands in its shortest form too.'],
  'array-length-not-shortest': ['DECODE_NOT_SHORTEST', '98 01 00', 'So does the length of an array.'],
  'indefinite-array': ['DECODE_INDEFINITE', '9f 00 ff', 'One array, two encodings.'],
  'indefinite-bytes': ['DECODE_INDEFINITE', '5f 41 00 ff', 'One byte string, many encodings.'],
  'indefinite-text': ['DECODE_INDEFINITE', '7f 61 61 ff', 'One text, many encodings.'],
  map: ['DECODE_TYPE', 'a1 01 02', 'Order and repetition of keys are what readers disagree on.'],
  'empty-map': ['DECODE_TYPE', 'a0', 'No map, not even an empty one.'],
  tag: ['DECODE_TYPE', 'c0 00', 'A tag changes what a value means.'],
  bignum: ['DECODE_TYPE', 'c2 41 01', 'An integer has one encoding.'],
  'half-float': ['DECODE_TYPE', 'f9 3c00', 'Several encodings of one number.'],
  'single-float': ['DECODE_TYPE', 'fa 3f800000', 'Several encodings of one number.'],
  'double-float': ['DECODE_TYPE', 'fb 3ff0000000000000', 'Several encodings of one number.'],
  undefined: ['DECODE_TYPE', 'f7', 'No structure uses it.'],
  'simple-value': ['DECODE_TYPE', 'f8 20', 'No structure uses one.'],
  'lonely-break': ['DECODE_TYPE', 'ff', 'The end of nothing.'],
  'reserved-28': ['DECODE_TYPE', '1c', 'RFC 8949 §3 gives it no meaning.'],
  'reserved-30-in-a-length': ['DECODE_TYPE', '5e 00', 'RFC 8949 §3 gives it no meaning.'],
  'integer-too-large': ['DECODE_RANGE', '1b 0020000000000000', '2^53: JavaScript would round it.'],
  'negative-too-small': ['DECODE_RANGE', '3b 001fffffffffffff', '−2^53.'],
  'integer-2-to-64': ['DECODE_RANGE', '1b ffffffffffffffff', 'The largest that CBOR has.'],
  'length-too-large': ['DECODE_RANGE', '5b 0020000000000000', 'A length is an integer like others.'],
  'utf-8-overlong': ['DECODE_UTF8', '62 c080', 'U+0000 in two bytes.'],
  'utf-8-surrogate': ['DECODE_UTF8', '63 eda080', 'U+D800 is no character.'],
  'utf-8-cut': ['DECODE_UTF8', '61 c3', 'Half a character.'],
  'utf-8-beyond-unicode': ['DECODE_UTF8', '64 f4908080', 'U+110000.'],
  'utf-8-lonely-continuation': ['DECODE_UTF8', '61 80', 'A continuation without its beginning.'],
  'depth-17': ['DECODE_DEPTH', '81'.repeat(16) + '80', 'Seventeen levels of arrays.'],
}

export default async function codec() {
  const { accepts, refuses, files } = vectorsOf('codec')
  const operation = 'codec/decode'
  for (const [name, [comment, value]] of Object.entries(values))
    await accepts(name, { spec: 'encoding.md#values', comment, operation, inputs: { bytes: hex(encode(value)) } })
  const spec = 'encoding.md#what-a-decoder-must-reject'
  for (const [name, [code, text, comment]] of Object.entries(refused))
    await refuses(name, code, { spec, comment, operation, inputs: { bytes: text.replaceAll(' ', '') } })
  const inputs = { bytes: '8300 0102'.replace(' ', '') }
  await refuses('more-bytes-than-allowed', 'TOO_LARGE', {
    spec,
    comment: 'The caller’s limit of bytes is compared before the first byte is read.',
    operation,
    inputs: { ...inputs, limits: { bytes: 3 } },
  })
  await refuses('more-values-than-allowed', 'TOO_LARGE', {
    spec,
    comment: 'An array that claims more values than are left, before its first value is read.',
    operation,
    inputs: { ...inputs, limits: { items: 3 } },
  })
  await refuses('more-values-than-allowed-in-two-arrays', 'TOO_LARGE', {
    spec,
    comment: 'Five values: each array alone would fit into four.',
    operation,
    inputs: { bytes: '8282010101', limits: { items: 4 } },
  })
  await refuses('more-values-than-allowed-and-one-that-is-none', 'TOO_LARGE', {
    spec,
    comment: 'What an array holds is counted at its head, before the first of it is read.',
    operation,
    inputs: { bytes: '8282f701f7', limits: { items: 4 } },
  })
  await accepts('as-many-values-as-allowed', {
    spec: 'encoding.md#limits',
    comment: 'The array counts too: four values.',
    operation,
    inputs: { ...inputs, limits: { items: 4, bytes: 4 } },
  })
  return files
}
