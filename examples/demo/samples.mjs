// A small medical record made from nothing, in the real file formats: PDF, DICOM, FHIR R4, HL7 v2, PNG and plain text.
// The people are invented. Files given on the command line take the place of all but the letter and the private note.

import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename, extname } from 'node:path'
import { crc32, deflateSync } from 'node:zlib'

/**
 * A file of the record.
 * @typedef {{ readonly name: string, readonly data: Uint8Array }} SampleFile
 * @typedef {Record<string, readonly SampleFile[]>} SampleSections
 */

const patient = { family: 'Wong', given: 'Siu Ming', born: '1961-04-17', hkid: 'A123456(3)' }
const ascii = (/** @type {string} */ text) => new Uint8Array(Buffer.from(text, 'latin1'))
const utf8 = (/** @type {string} */ text) => new TextEncoder().encode(text)

/** The section that is never granted to anybody. */
export const PRIVATE = 'private'
/** The section of which a second version is published. */
export const LETTER = 'letter'

/** A record's card, without the sections. */
export const card = {
  title: 'Chest pain, CT coronary angiogram',
  category: 'referral',
  patient: {
    name: `${patient.family} ${patient.given}`,
    born: patient.born,
    ids: [{ system: 'urn:oid:2.16.344.1.1', value: patient.hkid }],
  },
}

/** The sections of the demonstration's record: the user's files where there are any, otherwise made ones. */
export async function sampleSections(/** @type {readonly string[]} */ paths) {
  const content = paths.length > 0 ? await sectionsOf(paths) : madeSections()
  return {
    [LETTER]: [
      { name: 'referral.pdf', data: letter('Referral', 'Exertional chest pain for three weeks. Troponin normal.') },
    ],
    ...content,
    [PRIVATE]: [{ name: 'private-note.txt', data: utf8(privateNote) }],
  }
}

/** What the second version says. */
export const correctedLetter = () => [
  {
    name: 'referral.pdf',
    data: letter('Referral, corrected', 'Correction: troponin 48 ng/L at 09:40, rising. Allergic to iodine contrast.'),
  },
]

const privateNote = `Not for the referral. Mr Wong lost his brother in March and has asked that nobody be told.
He sleeps badly, denies thoughts of harming himself, and will come back on Thursday. 病人要求保密。
`

/** @returns {SampleSections} */
const madeSections = () => ({
  imaging: ctSeries(3),
  labs: [
    { name: 'troponin.hl7', data: labMessage() },
    { name: 'summary.fhir.json', data: fhirBundle() },
  ],
  photo: [{ name: 'rash.png', data: png(160, 120) }],
})

/** @returns {Promise<SampleSections>} the user's files by what their names say they are. */
async function sectionsOf(/** @type {readonly string[]} */ paths) {
  /** @type {Record<string, SampleFile[]>} */
  const sections = {}
  for (const path of paths) {
    const section = sectionOfType[extname(path).toLowerCase()] ?? 'other'
    const files = (sections[section] ??= [])
    const taken = files.some(({ name }) => name === basename(path))
    const name = taken ? `${files.length + 1}-${basename(path)}` : basename(path)
    files.push({ name, data: new Uint8Array(await readFile(path)) })
  }
  return sections
}

/** @type {Readonly<Record<string, string>>} */
const sectionOfType = {
  '.dcm': 'imaging',
  '.hl7': 'labs',
  '.json': 'labs',
  '.pdf': 'documents',
  '.xml': 'documents',
  '.txt': 'documents',
  '.png': 'photo',
  '.jpg': 'photo',
}

/** A PDF 1.4 of one page with two lines of text: header, four objects, cross-reference table, trailer. */
function letter(/** @type {string} */ title, /** @type {string} */ text) {
  const escape = (/** @type {string} */ line) => line.replace(/[\\()]/g, '\\$&')
  const draw = `BT /F1 18 Tf 72 760 Td (${escape(title)}: ${patient.family} ${patient.given}) Tj
/F1 11 Tf 0 -36 Td (${escape(text)}) Tj ET`
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R
   /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>`,
    `<< /Length ${draw.length} >>\nstream\n${draw}\nendstream`,
  ]
  let body = '%PDF-1.4\n%\xe2\xe3\xcf\xd3\n'
  const offsets = objects.map((object, i) => {
    const at = body.length
    body += `${i + 1} 0 obj\n${object}\nendobj\n`
    return at
  })
  const rows = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')
  const table = `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${rows}`
  return ascii(
    `${body}${table}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${body.length}\n%%EOF\n`,
  )
}

const CT_IMAGE = '1.2.840.10008.5.1.4.1.1.2'
const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1'
/** A root for identifiers made from random numbers (ISO/IEC 9834-8). */
const newUid = () => `2.25.${BigInt(`0x${randomBytes(15).toString('hex')}`)}`

/** A series of CT slices, each a DICOM file: preamble, "DICM", meta header and a data set in explicit VR, little endian. */
function ctSeries(/** @type {number} */ count) {
  const study = { study: newUid(), series: newUid(), frame: newUid() }
  return Array.from({ length: count }, (_, i) => ({
    name: `ct-${String(i + 1).padStart(3, '0')}.dcm`,
    data: ctSlice(study, i + 1),
  }))
}

/** @param {{ study: string, series: string, frame: string }} uids */
function ctSlice({ study, series, frame }, /** @type {number} */ number) {
  const instance = newUid()
  const side = 768
  const meta = Buffer.concat([
    element(2, 0x0001, 'OB', Buffer.from([0, 1])),
    element(2, 0x0002, 'UI', CT_IMAGE),
    element(2, 0x0003, 'UI', instance),
    element(2, 0x0010, 'UI', EXPLICIT_LITTLE_ENDIAN),
    element(2, 0x0012, 'UI', '2.25.302043790172249692526321623266752743501'),
  ])
  return new Uint8Array(
    Buffer.concat([
      Buffer.alloc(128),
      Buffer.from('DICM'),
      element(2, 0x0000, 'UL', u32(meta.length)),
      meta,
      element(0x08, 0x16, 'UI', CT_IMAGE),
      element(0x08, 0x18, 'UI', instance),
      element(0x08, 0x20, 'DA', '20260105'),
      element(0x08, 0x60, 'CS', 'CT'),
      element(0x08, 0x103e, 'LO', 'Coronary angiogram 0.6 mm'),
      element(0x10, 0x10, 'PN', `${patient.family}^${patient.given.replace(' ', '^')}`),
      element(0x10, 0x20, 'LO', patient.hkid),
      element(0x10, 0x30, 'DA', patient.born.replaceAll('-', '')),
      element(0x10, 0x40, 'CS', 'M'),
      element(0x18, 0x50, 'DS', '0.6'),
      element(0x20, 0x0d, 'UI', study),
      element(0x20, 0x0e, 'UI', series),
      element(0x20, 0x11, 'IS', '2'),
      element(0x20, 0x13, 'IS', String(number)),
      element(0x20, 0x32, 'DS', `-100\\-100\\${(number * 0.6).toFixed(1)}`),
      element(0x20, 0x37, 'DS', '1\\0\\0\\0\\1\\0'),
      element(0x20, 0x52, 'UI', frame),
      element(0x28, 0x02, 'US', u16(1)),
      element(0x28, 0x04, 'CS', 'MONOCHROME2'),
      element(0x28, 0x10, 'US', u16(side)),
      element(0x28, 0x11, 'US', u16(side)),
      element(0x28, 0x30, 'DS', '0.39\\0.39'),
      element(0x28, 0x100, 'US', u16(16)),
      element(0x28, 0x101, 'US', u16(12)),
      element(0x28, 0x102, 'US', u16(11)),
      element(0x28, 0x103, 'US', u16(0)),
      element(0x28, 0x1052, 'DS', '-1024'),
      element(0x28, 0x1053, 'DS', '1'),
      element(0x7fe0, 0x10, 'OW', phantom(side, number)),
    ]),
  )
}

const u16 = (/** @type {number} */ value) => Buffer.from([value & 255, value >> 8])
const u32 = (/** @type {number} */ value) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

/** A data element; OB and OW have a length of four bytes, and every value an even one. */
function element(
  /** @type {number} */ group,
  /** @type {number} */ number,
  /** @type {string} */ vr,
  /** @type {string | Buffer} */ value,
) {
  const content = typeof value === 'string' ? Buffer.from(value, 'latin1') : value
  const padding = content.length % 2 === 1 ? Buffer.from(vr === 'UI' ? '\0' : ' ') : Buffer.alloc(0)
  const length = content.length + padding.length
  const long = vr === 'OB' || vr === 'OW'
  const size = long ? Buffer.concat([Buffer.alloc(2), u32(length)]) : u16(length)
  return Buffer.concat([u16(group), u16(number), Buffer.from(vr), size, content, padding])
}

/** A body in a scanner, as 12-bit pixels: air, a disc of soft tissue, a vessel with contrast, and noise. */
function phantom(/** @type {number} */ side, /** @type {number} */ number) {
  const pixels = Buffer.alloc(2 * side * side)
  const noise = randomBytes(side * side)
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const body = Math.hypot(x - side / 2, y - side / 2) < side * 0.42
      const vessel = Math.hypot(x - side * 0.6 - number, y - side * 0.45) < 9
      const density = vessel ? 1400 : body ? 1060 : 24
      pixels.writeUInt16LE(density + (Number(noise[y * side + x]) & 31), 2 * (y * side + x))
    }
  }
  return pixels
}

/** An HL7 v2.5 ORU^R01: segments end in carriage returns. */
const labMessage = () =>
  utf8(
    [
      'MSH|^~\\&|LAB|KEC|EHR|KEC|20260105094000||ORU^R01^ORU_R01|KEC0005512|P|2.5',
      `PID|1||${patient.hkid}^^^HKID||${patient.family}^${patient.given}||${patient.born.replaceAll('-', '')}|M`,
      'OBR|1|A88123|L55120|10839-9^Troponin I^LN|||20260105091500',
      'OBX|1|NM|10839-9^Troponin I, high sensitivity^LN||48|ng/L|0-19|H|||F',
      'OBX|2|NM|2160-0^Creatinine^LN||88|umol/L|62-106|N|||F',
      'NTE|1||Rising against 31 ng/L three hours ago. Dr Chan was called at 09:44.',
      '',
    ].join('\r'),
  )

/** A FHIR R4 collection: patient, observation, allergy. */
const fhirBundle = () =>
  utf8(
    JSON.stringify(
      {
        resourceType: 'Bundle',
        type: 'collection',
        timestamp: '2026-01-05T09:45:00+08:00',
        entry: [
          {
            fullUrl: 'urn:uuid:7e0a6f3c-6b0f-4a6e-9a2b-5ed6a1a8a101',
            resource: {
              resourceType: 'Patient',
              identifier: [{ system: 'urn:oid:2.16.344.1.1', value: patient.hkid }],
              name: [{ family: patient.family, given: patient.given.split(' ') }],
              gender: 'male',
              birthDate: patient.born,
            },
          },
          {
            fullUrl: 'urn:uuid:7e0a6f3c-6b0f-4a6e-9a2b-5ed6a1a8a102',
            resource: {
              resourceType: 'Observation',
              status: 'final',
              code: { coding: [{ system: 'http://loinc.org', code: '10839-9', display: 'Troponin I' }] },
              subject: { reference: 'urn:uuid:7e0a6f3c-6b0f-4a6e-9a2b-5ed6a1a8a101' },
              valueQuantity: { value: 48, unit: 'ng/L', system: 'http://unitsofmeasure.org', code: 'ng/L' },
            },
          },
          {
            fullUrl: 'urn:uuid:7e0a6f3c-6b0f-4a6e-9a2b-5ed6a1a8a103',
            resource: {
              resourceType: 'AllergyIntolerance',
              code: { text: 'Iodinated contrast medium: urticaria in 2019' },
              patient: { reference: 'urn:uuid:7e0a6f3c-6b0f-4a6e-9a2b-5ed6a1a8a101' },
            },
          },
        ],
      },
      null,
      1,
    ),
  )

/** A photograph of skin: a PNG in 8-bit RGB, of signature, header, one data chunk and end. */
function png(/** @type {number} */ width, /** @type {number} */ height) {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const noise = randomBytes(width * height)
  const rows = Buffer.alloc(height * (1 + 3 * width))
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const spot = Math.sin(x / 9) * Math.cos(y / 7) > 0.55
      const grain = Number(noise[y * width + x]) & 15
      rows.set([208 + grain, (spot ? 92 : 164) + grain, (spot ? 88 : 136) + grain], y * (1 + 3 * width) + 1 + 3 * x)
    }
  }
  return new Uint8Array(
    Buffer.concat([
      Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
      chunk('IHDR', header),
      chunk('IDAT', deflateSync(rows)),
      chunk('IEND', Buffer.alloc(0)),
    ]),
  )
}

function chunk(/** @type {string} */ type, /** @type {Buffer} */ data) {
  const named = Buffer.concat([Buffer.from(type), data])
  const bytes = Buffer.alloc(named.length + 8)
  bytes.writeUInt32BE(data.length, 0)
  named.copy(bytes, 4)
  bytes.writeUInt32BE(crc32(named), named.length + 4)
  return bytes
}
