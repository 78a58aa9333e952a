// Worked examples of docs/spec/entries.md: one entry byte by byte, ids, claims, and what decoders refuse. Keys are fixed and public.
import { createHash } from 'node:crypto'
import { ready as cryptoReady, deviceFromSeed } from '../../../packages/crypto/dist/index.js'
import { bodies, kinds } from '../../../packages/protocol/dist/bodies.js'
import { protectedHeader } from '../../../packages/protocol/dist/cose.js'
import {
  accessLogOf,
  bind,
  chainIdOf,
  claimHash,
  decodeEntry,
  decodeSign1,
  deviceId,
  encode,
  encodeClaims,
  encodeSign1,
  foundingSlot,
  limits,
  ready,
  registrationChainOf,
  registrationHash,
  signatureInput,
  signEntry,
  slotAfter,
  verifyEntry,
} from '../../../packages/protocol/dist/index.js'
import { enrolmentMessage } from '../../../packages/protocol/dist/rules/authority.js'
import { counting, hex, table, values, writeExamples } from './lib.mjs'

await cryptoReady()
await ready()

const sha256 = (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest())
const network = counting(0x00)
const device = deviceFromSeed(counting(0x60))
const nonce = counting(0x80)
const member = chainIdOf(network, device.id, nonce)
const number = registrationHash(network, 'hk-mchk', 'M01234')
const signer = { chain: member, device: device.id, sign: device.sign }

const credential = counting(0xa0)
const statement = {
  kind: 'member',
  chain: member,
  sequence: 2,
  previous: counting(0xc0),
  time: 1_790_000_000_000,
  seen: { size: 7, root: counting(0xe0) },
  restsOn: [],
  type: 'accept',
  body: { credential },
  private: null,
}
const entry = await signEntry(statement, signer, network)
verifyEntry(entry, device.keys.sign, network)
const { payload, signature } = decodeSign1(entry.bytes)

const salt = counting(0x30, 16)
const claims = [
  { name: 'name', salt, value: '陳大文' },
  { name: 'registration', salt: counting(0x40, 16), value: 'M01234' },
  { name: 'board', salt: counting(0x50, 16), value: 'hk-mchk' },
]
const beside = encodeClaims(claims)

// ——— refusals: each made from the entry above with one change, and judged by the decoder

const fields = () => [
  1,
  kinds.member,
  member,
  2,
  statement.previous,
  statement.time,
  [statement.seen.size, statement.seen.root],
  [],
  null,
  'accept',
  [credential],
  null,
]
if (hex(encode(fields())) !== hex(payload)) throw new Error('the payload is not the array that the chapter says')

const withField = (at, value) => {
  const changed = fields()
  changed[at] = value
  return encodeSign1({ chain: member, device: device.id, payload: encode(changed), signature })
}
const codeOf = (action) => {
  try {
    action()
  } catch (error) {
    return `\`${error.code}\``
  }
  throw new Error('nothing was refused')
}
const refused = [
  ['longer than 64 KiB', 'bounds every entry before it is read', () => decodeEntry(new Uint8Array(limits.entry + 1))],
  [
    'format other than 1, whatever follows it',
    'one suite per format; there is no negotiation',
    () => decodeEntry(withField(0, 2)),
  ],
  ['a kind that is not in the table', 'what has no rules cannot be judged', () => decodeEntry(withField(1, 0))],
  [
    'a type that its kind does not have',
    'an unknown statement cannot be judged, and is never skipped',
    () => decodeEntry(withField(9, 'approve')),
  ],
  [
    'a body that is not its type’s',
    'what nobody checks would be signed',
    () => decodeEntry(withField(10, [credential, null])),
  ],
  [
    'a pass',
    'passes are reserved; a reader of this version could not check one',
    () => decodeEntry(withField(8, credential)),
  ],
  [
    'more than 16 chains in `rests on`',
    'bounds what a verifier has to fetch',
    () => decodeEntry(withField(7, Array(17).fill([member, 0, credential]))),
  ],
  [
    'a malformed public key',
    'two libraries would disagree about it',
    () => decodeEntry(foundingWith(new Uint8Array(1216))),
  ],
  [
    'a signature that does not verify under the signer’s key in this network',
    'who said it',
    () => verifyEntry(decodeEntry(withField(3, 3)), device.keys.sign, network),
  ],
  [
    'the same for another network',
    'an entry fits one network',
    () => verifyEntry(entry, device.keys.sign, counting(0x01)),
  ],
]

function foundingWith(box) {
  const body = [[device.keys.sign, box], nonce, box, [[credential, 0, 1], credential, 0]]
  const founding = fields()
  founding[3] = 0
  founding[4] = null
  founding[9] = 'found'
  founding[10] = body
  return encodeSign1({ chain: member, device: device.id, payload: encode(founding), signature })
}

writeExamples('entries.md', {
  kinds: table(
    ['kind', 'number', 'types'],
    Object.entries(kinds).map(([name, kind]) => [
      name,
      kind,
      Object.keys(bodies[name])
        .map((type) => `\`${type}\``)
        .join(', '),
    ]),
  ),
  ids: values({
    'network id': network,
    'device seed': counting(0x60),
    'device id': deviceId(device.keys),
    nonce,
    'member’s chain id': member,
    'founding slot': foundingSlot(member),
    'registration M01234 of hk-mchk': number,
    'its chain’s id': registrationChainOf(network, number),
    'a record’s id': chainIdOf(network, member, counting(0x90)),
    'its access log’s id': accessLogOf(chainIdOf(network, member, counting(0x90))),
  }),
  entry: values({
    'payload, CBOR': payload,
    'protected header': protectedHeader(member, device.id),
    'external data': bind('entry', [network]),
    'signed bytes': signatureInput({ chain: member, device: device.id, payload }, bind('entry', [network])),
    signature,
    'entry, COSE_Sign1': entry.bytes,
    'entry hash': entry.hash,
    'link hash': entry.link,
    'slot of the next': slotAfter(entry.link),
  }),
  claims: values({
    member,
    'hash of name': claimHash(member, claims[0]),
    'hash of registration': claimHash(member, claims[1]),
    'hash of board': claimHash(member, claims[2]),
    beside,
    private: sha256(beside),
  }),
  enrolment: values({
    network,
    institution: counting(0x20),
    'SHA-256 of the message': sha256(enrolmentMessage(network, counting(0x20), device.keys)),
    proof: await device.sign(enrolmentMessage(network, counting(0x20), device.keys)),
  }),
  refusals: table(
    ['fault', 'code', 'reason'],
    refused.map(([fault, reason, act]) => [fault, codeOf(act), reason]),
  ),
})
