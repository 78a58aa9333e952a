// Cards, file headers, commitments, back-links and titles of consultations. Spec: docs/spec/sections.md, docs/spec/keys.md.
import { hkdfSync } from 'node:crypto'
import * as c from '../../packages/crypto/dist/index.js'
import * as p from '../../packages/protocol/dist/index.js'
import { hex } from '../operations/notation.mjs'
import { counting, flip, scripted, vectorsOf } from './vectors.mjs'

await c.ready()

const network = counting(0x00)
const record = counting(0x40)
const fileId = counting(0x70, 16)
const key = counting(0xb0)
const rejects = 'sections.md#what-a-reader-must-reject'
const random = () => scripted(counting(0xe0), counting(0x10, 12))
const [section, epoch] = [3, 1]
const place = { network, record, section, epoch, fileId }
const cardPlace = { network, record, epoch }

/** A structure in its padded form, to a length that the caller says; or with another length or filling than is right. */
function padded(content, length, { says = content.length, last = 0 } = {}) {
  const out = new Uint8Array(length)
  new DataView(out.buffer).setUint32(0, says)
  out.set(content, 4)
  if (last > 0) out[length - 1] = last
  return out
}

const seal = (purpose, context, plaintext, under = key) =>
  c.sealBytes(under, p.bind(purpose, context), plaintext, random())

export default async function headers() {
  const area = vectorsOf('headers')
  await fileHeaders(area)
  await cards(area)
  await commitments(area)
  await backLinks(area)
  await teamTitles(area)
  return area.files
}

/** Places where nothing that was sealed here opens. */
const elsewhere = {
  network: { network: hex(counting(0x01)) },
  record: { record: hex(counting(0x41)) },
  section: { section: 4 },
  epoch: { epoch: 2 },
  id: { fileId: hex(counting(0x71, 16)) },
  key: { key: hex(counting(0xb1)) },
}

// ——— file headers

async function fileHeaders({ accepts, refuses }) {
  const values = {
    fileKey: counting(0xc0),
    name: 'CT.dcm',
    mediaType: 'application/dicom',
    length: 1_500_000,
    modified: 1_789_999_000_000,
    path: 'study/1',
  }
  const fields = (over = {}) => Object.values({ ...values, ...over })
  const context = [network, record, section, epoch, fileId]
  const file = (sealed, over = {}) => ({
    operation: 'headers/file',
    inputs: {
      key: hex(key),
      network: hex(network),
      record: hex(record),
      section,
      epoch,
      fileId: hex(fileId),
      sealed: hex(sealed),
      ...over,
    },
  })
  const spec = 'sections.md#file-header'
  const sound = await c.sealFileHeader(values, key, place, random())
  await accepts('file', { ...file(sound), spec, comment: 'A DICOM file in a folder.' })
  const bare = await c.sealFileHeader(
    { ...values, name: '報告', mediaType: '', length: 0, modified: null, path: '' },
    key,
    place,
    random(),
  )
  await accepts('file-bare', {
    ...file(bare),
    spec,
    comment: 'An empty file of unknown type, without folder and date.',
  })
  for (const [what, over] of Object.entries(elsewhere))
    await refuses(`file-of-another-${what}`, 'UNAUTHENTIC', {
      ...file(sound, over),
      spec: rejects,
      comment: 'A header opens in its place alone.',
    })
  const encode = (over) => p.encode(fields(over))
  const content = p.encode(fields())
  const sealedHeaders = {
    'file-name-with-a-slash': [encode({ name: 'a/b' }), 'Names become names on another’s disk.'],
    'file-name-with-a-backslash': [encode({ name: 'a\\b' }), 'Names become names on another’s disk.'],
    'file-name-dot-dot': [encode({ name: '..' }), 'The folder above.'],
    'file-name-dot': [encode({ name: '.' }), 'The folder itself.'],
    'file-name-empty': [encode({ name: '' }), 'A name has a character.'],
    'file-name-not-normalised': [encode({ name: 'e\u0301' }), 'Two names that look the same.'],
    'file-path-that-leaves': [encode({ path: 'a/../../b' }), 'Out of the folder that it is written to.'],
    'file-path-from-the-root': [encode({ path: '/etc' }), 'An empty name at the beginning.'],
    'file-path-with-an-empty-folder': [encode({ path: 'a//b' }), 'Each like a name.'],
    'file-media-type-with-a-line-break': [
      encode({ mediaType: 'text/plain\r\nx: y' }),
      'Printable ASCII: it may become a header.',
    ],
    'file-media-type-in-chinese': [encode({ mediaType: '文/本' }), 'Printable ASCII.'],
    'file-length-negative': [encode({ length: -1 }), 'A length.'],
    'file-key-of-31-bytes': [encode({ fileKey: counting(0xc0, 31) }), 'A key has 32 bytes.'],
    'file-with-a-field-too-few': [p.encode(fields().slice(0, -1)), 'Nothing is optional.'],
    'file-that-is-no-structure': [p.encode('file'), 'A text.'],
    'file-of-more-than-a-kib': [encode({ name: 'x'.repeat(1500) }), 'Sealed, a header is at most 1 KiB.'],
    'file-trailing': [Uint8Array.of(...content, 0xf6), 'A second value inside the padding’s length.'],
  }
  for (const [name, [plain, comment]] of Object.entries(sealedHeaders)) {
    const whole = padded(plain, Math.ceil((4 + plain.length) / 64) * 64)
    await refuses(name, 'UNAUTHENTIC', { ...file(await seal('fileHeader', context, whole)), spec: rejects, comment })
  }
  const paddings = {
    'file-not-padded': [padded(content, 4 + content.length), 'Its exact length shows.'],
    'file-padded-too-far': [padded(content, 192), 'A structure has one padded form.'],
    'file-padded-with-something': [padded(content, 128, { last: 1 }), 'Content that no viewer shows.'],
    'file-padding-length-beyond-the-end': [padded(content, 128, { says: 125 }), 'Longer than what is there.'],
    'file-of-three-bytes': [new Uint8Array(3), 'Not even a length.'],
  }
  for (const [name, [plain, comment]] of Object.entries(paddings))
    await refuses(name, 'UNAUTHENTIC', {
      ...file(await seal('fileHeader', context, plain)),
      spec: 'sections.md#padded-structures',
      comment,
    })
  await refuses('file-sealed-as-a-card', 'UNAUTHENTIC', {
    ...file(await seal('card', context, padded(content, 128))),
    spec: rejects,
    comment: 'Another purpose.',
  })
  await refuses('file-with-another-bit', 'UNAUTHENTIC', {
    ...file(flip(sound, -1)),
    spec: rejects,
    comment: 'The last bit of the tag.',
  })
}

// ——— cards

async function cards({ accepts, refuses }) {
  const values = {
    title: 'CT angiogram',
    patient: { name: '陳大文', born: '1961-04', ids: [{ system: 'urn:example:mrn', value: '4711' }] },
    author: 'Dr Chan',
    date: 1_790_000_000_000,
    category: 'imaging',
    sections: [{ id: 3, name: 'images' }],
  }
  const card = (sealed, over = {}) => ({
    operation: 'headers/card',
    inputs: { key: hex(key), network: hex(network), record: hex(record), epoch, sealed: hex(sealed), ...over },
  })
  const sound = await c.sealCard(values, key, cardPlace, random())
  const spec = 'sections.md#card'
  await accepts('card', { ...card(sound), spec, comment: 'With a patient.' })
  const bare = await c.sealCard(
    { ...values, patient: null, author: '', category: '', sections: [] },
    key,
    cardPlace,
    random(),
  )
  await accepts('card-bare', { ...card(bare), spec, comment: 'A title alone.' })
  for (const [what, over] of Object.entries({
    network: elsewhere.network,
    record: elsewhere.record,
    epoch: elsewhere.epoch,
    key: elsewhere.key,
  }))
    await refuses(`card-of-another-${what}`, 'UNAUTHENTIC', {
      ...card(sound, over),
      spec: rejects,
      comment: 'A card opens in its place alone.',
    })
  const fields = ['CT', null, 'Dr Chan', 1, 'imaging', [[3, 'images']]]
  const withField = (at, value) => fields.map((field, i) => (i === at ? value : field))
  const wrong = {
    'card-without-a-title': [withField(0, ''), 'A list shows it.'],
    'card-born-in-words': [withField(1, ['陳大文', 'April 1961', []]), 'YYYY, YYYY-MM or YYYY-MM-DD.'],
    'card-patient-without-a-name': [withField(1, ['', null, []]), 'A name has a character.'],
    'card-with-17-ids': [withField(1, ['陳大文', null, Array(17).fill(['a', 'b'])]), 'Sixteen at most.'],
    'card-of-section-0': [withField(5, [[0, 'card']]), 'The card names the others.'],
    'card-sections-out-of-order': [
      withField(5, [
        [3, 'a'],
        [2, 'b'],
      ]),
      'Ascending.',
    ],
    'card-with-a-section-twice': [
      withField(5, [
        [3, 'a'],
        [3, 'b'],
      ]),
      'One name each.',
    ],
    'card-with-a-field-too-many': [[...fields, null], 'Six.'],
  }
  for (const [name, [value, comment]] of Object.entries(wrong)) {
    const plain = p.encode(value)
    const sealed = await seal('card', [network, record, epoch], padded(plain, c.paddedLength(4 + plain.length)))
    await refuses(name, 'UNAUTHENTIC', { ...card(sealed), spec: rejects, comment })
  }
  const tooLong = p.encode(withField(4, 'x'.repeat(5000)))
  await refuses('card-of-more-than-4-kib', 'UNAUTHENTIC', {
    ...card(await seal('card', [network, record, epoch], padded(tooLong, c.paddedLength(4 + tooLong.length)))),
    spec: rejects,
    comment: 'Sealed, a card is at most 4 KiB.',
  })
  const long = p.encode(withField(4, 'x'.repeat(200)))
  await refuses('card-padded-too-far', 'UNAUTHENTIC', {
    ...card(await seal('card', [network, record, epoch], padded(long, 2 * c.paddedLength(4 + long.length)))),
    spec: 'sections.md#padded-structures',
    comment: 'To twice its length.',
  })
}

// ——— commitments and back-links

async function commitments({ accepts, refuses }) {
  const commitment = c.sectionCommitment(key, { network, record, section, epoch })
  const committed = (over = {}) => ({
    operation: 'headers/commitment',
    spec: 'keys.md#epochs',
    inputs: {
      key: hex(key),
      network: hex(network),
      record: hex(record),
      section,
      epoch,
      commitment: hex(commitment),
      ...over,
    },
  })
  await accepts('commitment', { ...committed(), comment: 'The key is the one that the entry commits to.' })
  for (const what of ['network', 'record', 'section', 'epoch', 'key'])
    await refuses(`commitment-of-another-${what}`, 'COMMITMENT', {
      ...committed(elsewhere[what]),
      comment: 'Bound to its place.',
    })
  await refuses('commitment-with-another-bit', 'COMMITMENT', {
    ...committed({ commitment: hex(flip(commitment)) }),
    comment: 'One bit.',
  })
}

async function backLinks({ accepts, refuses }) {
  const current = counting(0xa0)
  const link = async (what) =>
    (
      await c.sealBackLink(
        { epoch: 0, secret: counting(0xc0) },
        current,
        { network, chain: record, what, epoch },
        random(),
      )
    ).sealed
  const backLink = (sealed, over = {}) => ({
    operation: 'headers/back-link',
    spec: 'keys.md#back-links',
    inputs: {
      key: hex(current),
      network: hex(network),
      chain: hex(record),
      what: section,
      epoch,
      to: 0,
      sealed: hex(sealed),
      ...over,
    },
  })
  const soundLink = await link(section)
  await accepts('back-link', { ...backLink(soundLink), comment: 'The key of epoch 0 under that of epoch 1.' })
  await accepts('back-link-of-a-trail', {
    ...backLink(await link('trail'), { what: 'trail' }),
    comment: 'The same for the trail.',
  })
  const wrongLinks = {
    'back-link-under-another-key': { key: hex(counting(0xa1)) },
    'back-link-of-another-network': elsewhere.network,
    'back-link-of-another-chain': { chain: hex(counting(0x41)) },
    'back-link-of-another-section': { what: 4 },
    'back-link-of-the-trail': { what: 'trail' },
    'back-link-of-another-epoch': { epoch: 2 },
    'back-link-to-another-epoch': { to: 1 },
  }
  for (const [name, over] of Object.entries(wrongLinks))
    await refuses(name, 'UNAUTHENTIC', {
      ...backLink(soundLink, over),
      comment: 'A link leads from one place to one place.',
    })
  const short = await c.sealBytes(
    current,
    p.bind('backLink', [network, record, section, epoch, 0]),
    counting(0, 31),
    random(),
  )
  await refuses('back-link-of-31-bytes', 'UNAUTHENTIC', { ...backLink(short), comment: 'Secrets have one length.' })
}

// ——— titles of consultations

async function teamTitles({ accepts, refuses }) {
  const team = counting(0x20)
  const about = { title: 'Mass, left lung', reason: 'Operable?' }
  const teamTitle = (sealed, over = {}) => ({
    operation: 'headers/team-title',
    spec: 'keys.md#teams',
    inputs: { secret: hex(key), network: hex(network), team: hex(team), sealed: hex(sealed), ...over },
  })
  const sound = await c.sealTeamTitle(about, key, { network, team }, random())
  await accepts('team-title', { ...teamTitle(sound), comment: 'What a consultation is about.' })
  const wrong = {
    'team-title-under-another-secret': { secret: hex(counting(0xb1)) },
    'team-title-of-another-network': elsewhere.network,
    'team-title-of-another-team': { team: hex(counting(0x21)) },
  }
  for (const [name, over] of Object.entries(wrong))
    await refuses(name, 'UNAUTHENTIC', { ...teamTitle(sound, over), comment: 'Bound to its team.' })
  const titleKey = new Uint8Array(hkdfSync('sha256', key, new Uint8Array(), p.bind('teamTitleKey', []), 32))
  const sealed = (plaintext) => seal('teamTitle', [network, team], plaintext, titleKey)
  const content = p.encode([about.title, about.reason])
  const forms = {
    'team-title-padded-with-ones': padded(content, 64, { last: 1 }),
    'team-title-padded-further': padded(content, 128),
    'team-title-without-a-reason': padded(p.encode([about.title, '']), 64),
    'team-title-without-a-title': padded(p.encode(['', about.reason]), 64),
    'team-title-with-a-third-text': padded(p.encode([about.title, about.reason, 'x']), 64),
  }
  for (const [name, plaintext] of Object.entries(forms))
    await refuses(name, 'UNAUTHENTIC', { ...teamTitle(await sealed(plaintext)), comment: 'One form and structure.' })
  const long = p.encode(['t'.repeat(4000), 'r'])
  await refuses('team-title-too-long', 'UNAUTHENTIC', {
    ...teamTitle(await sealed(padded(long, 4032))),
    comment: 'Over 4 KiB sealed.',
  })
}
