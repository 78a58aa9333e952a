// HPKE with X-Wing, and notes sealed to a trail. Spec: docs/spec/sealing.md, "To a public key"; docs/spec/keys.md, "Trail".
import * as c from '../../packages/crypto/dist/index.js'
import * as p from '../../packages/protocol/dist/index.js'
import { hex } from '../operations/notation.mjs'
import { counting, flip, scripted, vectorsOf } from './vectors.mjs'

await c.ready()

const spec = 'sealing.md#to-a-public-key'
const rejects = 'sealing.md#what-a-decoder-must-reject'
const seed = counting(0x80)
const info = p.bind('envelope', [counting(0x40, 4)])
const aad = new Uint8Array(0)
const sealTo = (key, plaintext, context = { info, aad }) =>
  c.sealTo(key, context, plaintext, scripted(counting(0x10, 64)))

export default async function hpke() {
  const { accepts, refuses, files } = vectorsOf('hpke')
  const key = c.publicKeyOf(seed)
  await accepts('public-key', {
    operation: 'hpke/key',
    spec,
    comment: 'A seed is expanded whenever it is used.',
    inputs: { seed: hex(seed) },
  })
  await accepts('public-key-of-zeros', {
    operation: 'hpke/key',
    spec,
    comment: 'A seed of zeros.',
    inputs: { seed: hex(new Uint8Array(32)) },
  })

  const sound = sealTo(key, counting(0xe0))
  const open = (sealed, over = {}) => ({
    operation: 'hpke/open',
    inputs: { seed: hex(seed), info: hex(info), associatedData: '', sealed: hex(sealed), ...over },
  })
  await accepts('sealed', { ...open(sound), spec, comment: '32 bytes.' })
  await accepts('sealed-nothing', { ...open(sealTo(key, new Uint8Array(0))), spec, comment: 'An empty message.' })
  await accepts('sealed-with-associated-data', {
    ...open(sealTo(key, counting(0xe0), { info, aad: counting(0x50, 7) }), { associatedData: hex(counting(0x50, 7)) }),
    spec,
    comment: 'Seven bytes of associated data.',
  })
  const wrong = {
    'sealed-to-another-key': [sound, { seed: hex(counting(0x81)) }, 'Another recipient.'],
    'sealed-for-another-use': [sound, { info: hex(p.bind('envelope', [counting(0x41, 4)])) }, 'Another info.'],
    'sealed-with-other-associated-data': [sound, { associatedData: '00' }, 'Associated data that was not there.'],
    'sealed-with-another-ml-kem-ciphertext': [flip(sound), {}, 'The first bit of the encapsulation.'],
    'sealed-with-another-x25519-key': [flip(sound, 8 * 1100), {}, 'A bit of the ephemeral key.'],
    'sealed-with-another-ciphertext': [flip(sound, 8 * 1120), {}, 'The first bit behind the encapsulation.'],
    'sealed-with-another-tag': [flip(sound, -1), {}, 'The last byte.'],
    'sealed-cut': [sound.slice(0, -1), {}, 'The last byte is missing.'],
    'sealed-cut-in-the-encapsulation': [sound.slice(0, 1119), {}, 'Not a whole encapsulation.'],
    'sealed-without-a-tag': [sound.slice(0, 1120), {}, 'An encapsulation alone.'],
    'sealed-longer': [p.concat(sound, Uint8Array.of(0)), {}, 'A byte follows.'],
    'sealed-empty-input': [new Uint8Array(0), {}, 'Nothing.'],
    'sealed-of-zeros': [new Uint8Array(1168), {}, 'An ephemeral key of low order.'],
  }
  for (const [name, [sealed, over, comment]] of Object.entries(wrong))
    await refuses(name, 'UNAUTHENTIC', { ...open(sealed, over), spec: rejects, comment })

  // ——— notes
  const [network, record, author] = [counting(0x00), counting(0x40), counting(0x20)]
  const place = { network, record, epoch: 0, author }
  const trail = c.trailKeys(counting(0xd0), { network, record, epoch: 0 })
  const note = (sealed, over = {}) => ({
    operation: 'hpke/note',
    inputs: {
      seed: hex(trail.seed),
      network: hex(network),
      record: hex(record),
      epoch: 0,
      author: hex(author),
      sealed: hex(sealed),
      ...over,
    },
  })
  const soundNote = c.sealNote({ kind: 'purpose', text: 'treatment' }, trail.key, place, scripted(counting(0x30, 64)))
  await accepts('note', { ...note(soundNote), spec: 'keys.md#trail', comment: 'The purpose of a view.' })
  await accepts('note-of-two-lines', {
    ...note(c.sealNote({ kind: 'note', text: '一\n二' }, trail.key, place, scripted(counting(0x30, 64)))),
    spec: 'keys.md#trail',
    comment: 'Lines are separated by U+000A.',
  })
  const elsewhere = {
    network: { network: hex(counting(0x01)) },
    record: { record: hex(counting(0x41)) },
    epoch: { epoch: 1 },
    author: { author: hex(counting(0x21)) },
  }
  for (const [what, over] of Object.entries(elsewhere))
    await refuses(`note-of-another-${what}`, 'UNAUTHENTIC', {
      ...note(soundNote, over),
      spec: 'keys.md#what-an-opener-must-reject',
      comment: 'A purpose would be shown under another’s name, or elsewhere.',
    })
  const noteInfo = p.bind('trailNote', [network, record, 0, author])
  const plain = (value, length = 64) => {
    const encoded = p.encode(value)
    const out = new Uint8Array(length)
    new DataView(out.buffer).setUint32(0, encoded.length)
    out.set(encoded, 4)
    return sealTo(trail.key, out, { info: noteInfo, aad })
  }
  const wrongNotes = {
    'note-of-another-kind': [plain(['advice', 'a']), 'Purpose, reason or note.'],
    'note-with-a-tabulator': [plain(['note', 'a\tb']), 'A control character.'],
    'note-with-a-carriage-return': [plain(['note', 'a\r\nb']), 'A control character.'],
    'note-not-padded': [plain(['note', 'a'], 63), 'Steps of 64 bytes.'],
    'note-of-more-than-4-kib': [plain(['note', 'x'.repeat(4000)], 4032), 'Sealed, a note is at most 4 KiB.'],
    'note-padded-too-far': [plain(['note', 'a'], 128), 'One padded form.'],
  }
  for (const [name, [sealed, comment]] of Object.entries(wrongNotes))
    await refuses(name, 'UNAUTHENTIC', { ...note(sealed), spec: 'keys.md#what-an-opener-must-reject', comment })
  return files
}
