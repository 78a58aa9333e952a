// Worked examples of docs/spec/encoding.md.
import { createHash } from 'node:crypto'
import {
  bind,
  bytes,
  decode,
  encode,
  hashOf,
  labels,
  list,
  nullable,
  ProtocolError,
  pack,
  struct,
  text,
  uint,
  unhex,
} from '../../../packages/protocol/dist/index.js'
import { counting, hex, table, values, writeExamples } from './lib.mjs'

/** What each label is for: the place it stands in, then the thing. A label without a row here ends the program. */
const uses = {
  entry: 'COSE external data: an entry',
  enrolment: 'signed message: a device accepts that a chain takes it in',
  request: 'tag of HTTP Message Signatures: a request',
  entryHash: 'hash of a whole entry: what leaves, grants and credentials are named by',
  linkHash: 'hash of a whole entry: what the next entry of a chain names',
  chainId: 'hash: id of a chain',
  registration: 'hash: a registration number and its board',
  registrationChain: 'hash: id of a registration number’s chain',
  deviceId: 'hash: id of a device',
  foundingSlot: 'hash: slot of a founding entry',
  slot: 'hash: slot of every later entry',
  accessStart: 'hash: access link 0 of a record',
  accessLink: 'hash: the next access link',
  claim: 'hash of a salted claim',
  seal: 'first field of a seal leaf',
  offerCode: 'hash: code of a new device',
  meeting: 'hash: where a new device and an older one meet at a relay',
  deviceSign: 'HKDF info: Ed25519 seed of a device',
  deviceBox: 'HKDF info: X-Wing seed of a device',
  epochBox: 'HKDF info: X-Wing seed of a group’s epoch',
  trailBox: 'HKDF info: X-Wing seed of a trail’s epoch',
  sectionCommitment: 'HKDF info: commitment to a section’s epoch key',
  reference: 'HKDF info: key of the tag of a caller’s `ref`',
  grantKeys: 'HKDF info: key that seals the section keys of a grant',
  teamTitleKey: 'HKDF info: key that seals a consultation’s title and reason',
  vaultUnlock: 'HKDF info: key that opens a vault’s header, from its passphrase or host key',
  vaultKey: 'HKDF info: key of a vault',
  journalKey: 'HKDF info: key of a journal',
  nameKey: 'HKDF info: key that seals the names of a member’s devices',
  offerKey: 'HKDF info: key of a message between a new device and an older one',
  deviceWrap: 'HPKE info: an epoch secret for a device',
  invitation: 'HPKE info: what an older device answers a new one',
  envelope: 'HPKE info: card key and grant secret for a recipient',
  trailNote: 'HPKE info: a purpose, reason or note for the trail',
  backLink: 'FLOE associated data: an earlier epoch’s key under a later one',
  card: 'FLOE associated data: a record’s card',
  teamTitle: 'FLOE associated data: a consultation’s title and reason',
  fileHeader: 'FLOE associated data: a file’s header',
  file: 'FLOE associated data: a file’s content',
  sectionKeys: 'FLOE associated data: the section keys of a grant',
  vaultHeader: 'FLOE associated data: a vault’s master key, sealed in its header',
  vault: 'FLOE associated data: a vault',
  journal: 'FLOE associated data: a journal',
  deviceNames: 'FLOE associated data: names of a member’s devices',
  offer: 'FLOE associated data: a message between a new device and an older one',
  ticket: 'MAC of a relay, for itself alone: a ticket for segments',
  wrapIndex: 'name of a relay’s own index of a wrap list',
  headLock: 'hash of a slot of a relay’s head lock, for itself alone',
}

const missing = Object.keys(labels).filter((purpose) => !(purpose in uses))
const unknown = Object.keys(uses).filter((purpose) => !(purpose in labels))
if (missing.length + unknown.length > 0) {
  throw new Error(`encoding.mjs: labels and uses differ: ${[...missing, ...unknown].join(', ')}`)
}

function codeOf(input) {
  try {
    decode(unhex(input.replaceAll(' ', '')))
    return 'accepted'
  } catch (error) {
    if (error instanceof ProtocolError) return error.code
    throw error
  }
}

/** A row of the refusals: fault, bytes, the code that the decoder gives for them, and the reason. */
const refusal = ([fault, input, reason]) => [fault, `\`${input}\``, `\`${codeOf(input)}\``, reason]

const encodings = [
  0,
  23,
  24,
  255,
  256,
  65536,
  4294967295,
  4294967296,
  Number.MAX_SAFE_INTEGER,
  -1,
  -25,
  Number.MIN_SAFE_INTEGER,
  false,
  true,
  null,
  '',
  'é',
  '陳大文',
  new Uint8Array(0),
  counting(0, 4),
  [],
  [1, [true, null]],
]
const shown = (value) => (value instanceof Uint8Array ? `h'${hex(value)}'` : JSON.stringify(value))

const note = struct({ id: bytes(4), title: text(40, 1), pages: nullable(uint(999)), tags: list(uint(7), 3) })
const noteValue = { id: counting(0xa0, 4), title: 'CT angiogram', pages: null, tags: [2, 5] }

const chain = counting(0)
const labelled = bind('slot', [chain])

writeExamples('encoding.md', {
  values: table(
    ['value', 'bytes'],
    encodings.map((value) => [`\`${shown(value)}\``, `\`${hex(encode(value))}\``]),
  ),
  refusals: table(
    ['fault', 'example', 'code', 'reason'],
    [
      ['input ends inside a value', '43 0102', 'half an object is no object'],
      ['a length beyond the input', '9b 001fffffffffffff', 'compared with what is left before anything is allocated'],
      ['bytes after the value', '00 00', 'two readers could disagree on where an object ends'],
      [
        'integer or length not in its shortest form',
        '18 17',
        'one value, one encoding: hashes and signatures name bytes',
      ],
      ['indefinite length', '9f 00 ff', 'same'],
      ['map', 'a1 01 02', 'order and repetition of keys are what readers disagree on; structures are arrays'],
      ['tag', 'c0 00', 'a tag changes what a value means, and libraries act on tags by themselves'],
      ['float', 'f9 3c00', 'several encodings of one number, and NaN'],
      ['undefined, simple values, break', 'f7', 'no structure uses them'],
      ['reserved additional information', '1c', 'RFC 8949 §3 gives it no meaning'],
      ['integer or length beyond ±(2^53−1)', '1b 0020000000000000', 'JavaScript would round it'],
      [
        'text that is not UTF-8',
        '62 c080',
        'overlong forms, surrogates and cut characters: one text, two byte strings',
      ],
      ['more than 16 levels of arrays', `${'81'.repeat(16)}80`, 'bounded stack'],
    ].map(refusal),
  ),
  structure: values({
    id: noteValue.id,
    title: noteValue.title,
    pages: 'null',
    tags: '[2, 5]',
    CBOR: pack(note, noteValue),
  }),
  labels: table(
    ['purpose', 'label', 'where'],
    Object.entries(labels).map(([purpose, label]) => [purpose, `\`${label}\``, uses[purpose]]),
  ),
  binding: values({
    label: labels.slot,
    'label, bytes': new TextEncoder().encode(labels.slot),
    context: '[link hash]',
    'context, CBOR': encode([chain]),
    'label ‖ context': labelled,
    'SHA-256': hashOf('slot', [chain]),
  }),
})

// The same hash by another implementation than the package's, so that the chapter does not only agree with itself.
if (hex(hashOf('slot', [chain])) !== createHash('sha256').update(labelled).digest('hex'))
  throw new Error('SHA-256 differs')
