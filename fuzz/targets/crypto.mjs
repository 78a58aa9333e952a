// Targets of everything that opens under a key. Each seal twice: what is mutated as it came must be refused, and what is sealed anew with
// the right key around a mutated content reaches the decoder behind the seal. Argon2 never runs: every header is opened with a host key.
import { hkdfSync } from 'node:crypto'
import * as c from '../../packages/crypto/dist/index.js'
import { deriveKey } from '../../packages/crypto/dist/keys.js'
import { addPadding, in64s, removePadding } from '../../packages/crypto/dist/object.js'
import { bindPlace, fileHeaderPlace, memberPlace, notePlace, recordPlace } from '../../packages/crypto/dist/place.js'
import * as p from '../../packages/protocol/dist/index.js'
import { acceptedOf, filled, fixed, Mismatch, same, seedsOf, unhex, vectorsOf } from '../seeds.mjs'

await c.ready()

const key = filled(0)
const [network, record] = [filled(32), filled(64)]
const place = { network, record, epoch: 1 }
const headerPlace = { ...place, section: 2, fileId: filled(96, 16) }
const author = filled(128)

/** Seeds of one operation under the key of one of its vectors, so that the seeds themselves open. */
const sealedOf = (operation, name, byKey) => {
  const [{ inputs }] = acceptedOf(operation)
  const seeds = vectorsOf(operation).filter((vector) => vector.inputs[byKey] === inputs[byKey])
  return { inputs, seeds: seeds.map((vector) => unhex(vector.inputs[name])) }
}

const floe = sealedOf('floe/object', 'sealed', 'associatedData')
const card = sealedOf('headers/card', 'sealed', 'epoch')
const file = sealedOf('headers/file', 'sealed', 'epoch')
const link = sealedOf('headers/back-link', 'sealed', 'what')
const hpke = sealedOf('hpke/open', 'sealed', 'info')
const note = sealedOf('hpke/note', 'sealed', 'author')
const names = sealedOf('devices/names', 'sealed', 'epoch')
const offer = sealedOf('devices/offer', 'sealed', 'code')
const invitation = sealedOf('devices/invitation', 'sealed', 'code')
const consent = sealedOf('devices/consent', 'sealed', 'code')
const vault = sealedOf('vault/open', 'header', 'hostKey')
const blob = sealedOf('vault/blob', 'blob', 'name')
const placeOf = ({ inputs }) => ({ network: unhex(inputs.network), record: unhex(inputs.record), epoch: inputs.epoch })
const fileOf = ({ inputs }) => ({ ...placeOf({ inputs }), section: inputs.section, fileId: unhex(inputs.fileId) })

/** The contents of what the vectors seal: seeds of the decoders behind the seals. */
async function contentsOf(seal, aad, padding) {
  const open = async (sealed) => removePadding(await c.openBytes(unhex(seal.inputs.key), aad, sealed), padding)
  const contents = await Promise.all(seal.seeds.map((sealed) => open(sealed).catch(() => null)))
  return contents.filter((content) => content !== null)
}
const cards = await contentsOf(card, bindPlace('card', recordPlace, placeOf(card)), c.paddedLength)
const headers = await contentsOf(file, bindPlace('fileHeader', fileHeaderPlace, fileOf(file)), in64s)

/** Sealed anew as the packages seal, a second time from what was opened: the same bytes, or the decoder took what it does not write. */
async function sealAndOpen({ content, padding, aad, open, seal }) {
  const sealed = await c.sealBytes(key, aad, padding === null ? content : addPadding(content, padding), fixed)
  const opened = await open(sealed)
  same(await seal(opened), sealed, 'what was opened, sealed again, and the input')
}

/** A FLOE object of three segments of 64 bytes: header, then the segments. */
const parameters = { segmentLength: 64, rotationBits: 20 }
const sealing = c.startSealing(key, network, { parameters, random: fixed })
const pieces = [filled(0, 32), filled(32, 32), filled(64, 9)]
const segments = await Promise.all(pieces.map((piece, i) => sealing.sealSegment(piece, i, i === 2).then(c.joinSegment)))
const object = new Uint8Array(Buffer.concat([sealing.header, ...segments]))

async function openSegments(bytes) {
  const opening = c.startOpening(key, network, bytes.subarray(0, 74), parameters)
  const count = Math.max(1, Math.ceil((bytes.length - 74) / 64))
  for (let i = 0; i < Math.min(count, 1000); i++)
    await opening.openSegment(bytes.subarray(74 + 64 * i, 138 + 64 * i), i, i === count - 1)
}

const wrapRows = {
  keys: acceptedOf('wraps/keys'),
  envelope: acceptedOf('wraps/envelope'),
  device: acceptedOf('wraps/device'),
}
const rowsOf = (operation) => seedsOf('row', operation)

/** A row under the place and secret of one vector, whatever it says of itself: its two digests are made right first. */
function received(bytes, { inputs }) {
  const { leaf, envelope, keys } = p.decodeWrapRow(bytes)
  const common = { network: unhex(inputs.network), chain: unhex(inputs.chain), leaf, envelope, keys }
  return {
    ...common,
    seed: inputs.seed && unhex(inputs.seed),
    grantSecret: inputs.grantSecret && unhex(inputs.grantSecret),
  }
}

const repairRow = (bytes) => {
  try {
    const [leaf, envelope, keys] = p.decode(bytes)
    return p.encode([[...leaf.slice(0, 6), p.sha256(envelope), keys && p.sha256(keys)], envelope, keys])
  } catch {
    return bytes
  }
}

const kdfShape = p.struct({ algorithm: p.text(20, 1), memory: p.uint(), passes: p.uint(), salt: p.blob(64) })
const vaultHeader = p.struct({ format: p.oneOf(1), kdf: p.nullable(kdfShape), sealed: p.blob(256) })
const MiB = 1024

/** Whether these are parameters that vault.md allows: everything else is refused before Argon2 is called. */
const isAllowed = ({ algorithm, memory, passes, salt }) =>
  algorithm === 'argon2id' &&
  memory >= 64 * MiB &&
  memory <= 1024 * MiB &&
  passes >= 3 &&
  passes <= 10 &&
  salt.length === 16

async function openHeader(bytes) {
  try {
    await c.openVaultKey({ hostKey: unhex(vault.inputs.hostKey) }, bytes)
  } catch (error) {
    const { kdf } = p.unpack(vaultHeader, bytes, 'header')
    const bounded = kdf === null || isAllowed(kdf) || ['KDF_FLOOR', 'KDF_CAP'].includes(error.code)
    if (!bounded) throw new Mismatch('parameters that are not allowed went as far as the key', { cause: error })
    throw error
  }
}

const trail = c.trailKeys(key, place)
const trailPlace = { ...place, author }
const noteContents = ['purpose', 'reason', 'note'].map((kind) => p.encode([kind, `${kind}\nof two lines`]))
const noteInfo = { info: bindPlace('trailNote', notePlace, trailPlace), aad: new Uint8Array() }

const hkdf = (secret, info) => new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(), info, 32))
const memberOf = { network, member: record, epoch: 1 }
const nameKey = deriveKey(key, bindPlace('nameKey', memberPlace, memberOf))
const nameContents = [
  [],
  [[filled(0), 'Phone']],
  [
    [filled(0), '手機'],
    [filled(32), 'Ward 7'],
  ],
].map((one) => p.encode(one))
const namesOf = ({ inputs }) => ({
  network: unhex(inputs.network),
  member: unhex(inputs.member),
  epoch: inputs.epoch,
})
const meetingOf = ({ inputs }) => ({ network: unhex(inputs.network), code: unhex(inputs.code) })
const meeting = meetingOf(offer)
const invitationContents = [
  [filled(0), [null, []]],
  [filled(0), [[7, filled(32)], [[filled(64), 2, filled(96)]]]],
].map((one) => p.encode(one))

export const cryptoTargets = [
  {
    name: 'floe/openBytes',
    form: 'bytes',
    seeds: floe.seeds,
    share: 1 / 2,
    onlySeeds: true,
    run: (bytes) => c.openBytes(unhex(floe.inputs.key), unhex(floe.inputs.associatedData), bytes),
  },
  { name: 'floe/openSegment', form: 'bytes', seeds: [object], share: 1 / 2, onlySeeds: true, run: openSegments },
  {
    name: 'padme/checkPadding',
    form: 'bytes',
    seeds: [new Uint8Array(8), new Uint8Array(100), new Uint8Array()],
    run: (bytes) => c.checkPadding(bytes),
    reencode: (_, bytes) => new Uint8Array(bytes.length),
  },
  {
    name: 'card/openCard',
    form: 'bytes',
    seeds: card.seeds,
    share: 1 / 2,
    onlySeeds: true,
    run: (bytes) => c.openCard(bytes, unhex(card.inputs.key), placeOf(card)),
  },
  {
    name: 'card/content',
    form: 'cbor',
    seeds: cards,
    share: 1 / 2,
    run: (content) =>
      sealAndOpen({
        content,
        padding: c.paddedLength,
        aad: bindPlace('card', recordPlace, place),
        open: (sealed) => c.openCard(sealed, key, place),
        seal: (opened) => c.sealCard(opened, key, place, fixed),
      }),
  },
  {
    // The padded form itself, lengths and zeros included.
    name: 'card/padding',
    form: 'bytes',
    seeds: cards.map((content) => addPadding(content, c.paddedLength)),
    share: 1 / 2,
    run: (content) =>
      sealAndOpen({
        content,
        padding: null,
        aad: bindPlace('card', recordPlace, place),
        open: (sealed) => c.openCard(sealed, key, place),
        seal: (opened) => c.sealCard(opened, key, place, fixed),
      }),
  },
  {
    name: 'header/openFileHeader',
    form: 'bytes',
    seeds: file.seeds,
    share: 1 / 2,
    onlySeeds: true,
    run: (bytes) => c.openFileHeader(bytes, unhex(file.inputs.key), fileOf(file)),
  },
  {
    name: 'header/content',
    form: 'cbor',
    seeds: headers,
    share: 1 / 2,
    run: (content) =>
      sealAndOpen({
        content,
        padding: in64s,
        aad: bindPlace('fileHeader', fileHeaderPlace, headerPlace),
        open: (sealed) => c.openFileHeader(sealed, key, headerPlace),
        seal: (opened) => c.sealFileHeader(opened, key, headerPlace, fixed),
      }),
  },
  {
    name: 'keys/openBackLink',
    form: 'bytes',
    seeds: link.seeds,
    share: 1 / 2,
    onlySeeds: true,
    run: (bytes) => {
      const { inputs } = link
      const at = { network: unhex(inputs.network), chain: unhex(inputs.chain), what: inputs.what, epoch: inputs.epoch }
      return c.openBackLink({ to: inputs.to, sealed: bytes }, unhex(inputs.key), at)
    },
  },
  {
    name: 'names/openDeviceNames',
    form: 'bytes',
    seeds: names.seeds,
    share: 1 / 2,
    onlySeeds: true,
    run: (bytes) => c.openDeviceNames(bytes, unhex(names.inputs.secret), namesOf(names)),
  },
  {
    name: 'names/content',
    form: 'cbor',
    seeds: nameContents,
    share: 1 / 2,
    async run(content) {
      const aad = bindPlace('deviceNames', memberPlace, memberOf)
      const sealed = await c.sealBytes(nameKey, aad, addPadding(content, in64s), fixed)
      const opened = await c.openDeviceNames(sealed, key, memberOf)
      same(await c.sealDeviceNames(opened, key, memberOf, fixed), sealed, 'the names, sealed again, and the input')
    },
  },
  {
    name: 'offer/openOffer',
    form: 'bytes',
    seeds: offer.seeds,
    share: 1 / 4,
    onlySeeds: true,
    run: (bytes) => c.openOffer(bytes, meetingOf(offer)),
  },
  {
    name: 'offer/openConsent',
    form: 'bytes',
    seeds: consent.seeds,
    share: 1 / 2,
    onlySeeds: true,
    run: (bytes) => c.openConsent(bytes, meetingOf(consent)),
  },
  {
    name: 'offer/openInvitation (X-Wing)',
    form: 'bytes',
    seeds: invitation.seeds,
    share: 1 / 20,
    onlySeeds: true,
    run: (bytes) => c.openInvitation(bytes, unhex(invitation.inputs.seed), meetingOf(invitation)),
  },
  {
    name: 'offer/invitation content (X-Wing)',
    form: 'cbor',
    seeds: invitationContents,
    share: 1 / 20,
    async run(content) {
      const info = { info: p.bind('invitation', [meeting.network]), aad: new Uint8Array() }
      const floeKey = hkdf(meeting.code, p.bind('offerKey', [meeting.network, 'invitation']))
      const inner = c.sealTo(trail.key, info, content, fixed)
      const aad = p.bind('offer', [meeting.network, 'invitation'])
      const sealed = await c.sealBytes(floeKey, aad, inner, fixed)
      const opened = await c.openInvitation(sealed, trail.seed, meeting)
      same(
        await c.sealInvitation(opened, trail.key, meeting, fixed),
        sealed,
        'the invitation, sealed again, and the input',
      )
    },
  },
  {
    name: 'vault/openVaultKey',
    form: 'cbor',
    seeds: seedsOf('header', 'vault/open'),
    share: 1 / 2,
    run: openHeader,
  },
  {
    name: 'vault/openBlob',
    form: 'cbor',
    seeds: blob.seeds,
    share: 1 / 2,
    onlySeeds: true,
    run: (bytes) => c.openBlob(unhex(blob.inputs.master), blob.inputs.name, bytes),
  },
  {
    // Public keys are derived from the seed where the structure holds: 1 ms.
    name: 'identity/decodeIdentity',
    form: 'cbor',
    seeds: seedsOf('identity', 'vault/identity'),
    share: 1 / 10,
    run: c.decodeIdentity,
    reencode: c.encodeIdentity,
  },
  {
    name: 'envelope/openKeys',
    form: 'cbor',
    seeds: rowsOf('wraps/keys'),
    share: 1 / 4,
    repair: repairRow,
    run(bytes) {
      const { keys, ...rest } = received(bytes, wrapRows.keys[0])
      return c.openKeys({ ...rest, keys: keys ?? new Uint8Array() })
    },
  },
  {
    name: 'envelope/openEnvelope (X-Wing)',
    form: 'cbor',
    seeds: rowsOf('wraps/envelope'),
    share: 1 / 20,
    repair: repairRow,
    run: (bytes) => c.openEnvelope(received(bytes, wrapRows.envelope[0])),
  },
  {
    name: 'envelope/openDeviceWrap (X-Wing)',
    form: 'cbor',
    seeds: rowsOf('wraps/device'),
    share: 1 / 20,
    repair: repairRow,
    run: (bytes) => c.openDeviceWrap(received(bytes, wrapRows.device[0])),
  },
  {
    name: 'hpke/openWith (X-Wing)',
    form: 'bytes',
    seeds: hpke.seeds,
    share: 1 / 20,
    onlySeeds: true,
    run(bytes) {
      const { seed, info, associatedData } = hpke.inputs
      return c.openWith(unhex(seed), { info: unhex(info), aad: unhex(associatedData) }, bytes)
    },
  },
  {
    name: 'note/openNote (X-Wing)',
    form: 'bytes',
    seeds: note.seeds,
    share: 1 / 20,
    onlySeeds: true,
    run: (bytes) => c.openNote(bytes, unhex(note.inputs.seed), { ...placeOf(note), author: unhex(note.inputs.author) }),
  },
  {
    name: 'note/content (X-Wing)',
    form: 'cbor',
    seeds: noteContents,
    share: 1 / 20,
    run(content) {
      const sealed = c.sealTo(trail.key, noteInfo, addPadding(content, in64s), fixed)
      const opened = c.openNote(sealed, trail.seed, trailPlace)
      same(c.sealNote(opened, trail.key, trailPlace, fixed), sealed, 'the note, sealed again, and the input')
    },
  },
]
