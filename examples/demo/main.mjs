// The demonstration: a relay, two institutions and four doctors, each a process of its own; one record, a share, a view, a revocation;
// then an adversary with everything that the revoked doctor ever had and a copy of the relay's disk.
//
//     npm run demo               with a made record: PDF, DICOM, HL7, FHIR, PNG
//     npm run demo -- FILE…      with your own files
//
// Exit code 0 only if every expectation held. Nothing is left behind, also after Ctrl-C.

import { createHash, randomBytes } from 'node:crypto'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PURPOSES, people, REASONS } from './cast.mjs'
import { endAll, startRole } from './processes.mjs'
import { startRelay } from './relay.mjs'
import { card, correctedLetter, LETTER, PRIVATE, sampleSections } from './samples.mjs'
import { searchRelay } from './search.mjs'
import { chapter, expect, failed, refused, size, table } from './table.mjs'

/** @typedef {import('./processes.mjs').Role} Role */

const folder = await mkdtemp(join(tmpdir(), 'sealchart-demo-'))
const begun = Date.now()
let cleaning = false

/** Ends all processes and removes everything that was written. */
async function cleanUp(/** @type {number} */ code) {
  if (cleaning) return
  cleaning = true
  await endAll()
  await rm(folder, { recursive: true, force: true })
  process.exit(code)
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void cleanUp(130))

try {
  await demonstrate(process.argv.slice(2))
  const seconds = ((Date.now() - begun) / 1000).toFixed(1)
  console.log(failed() === 0 ? `\nEverything held, in ${seconds} s.\n` : `\n${failed()} expectations did not hold.\n`)
} catch (error) {
  // A role that is being ended answers nobody any more: that is no failure of its own.
  if (!cleaning) console.error('\nThe demonstration failed:', error)
  await cleanUp(1)
}
await cleanUp(failed() === 0 ? 0 : 1)

async function demonstrate(/** @type {readonly string[]} */ paths) {
  console.log('Sealchart: one record between two institutions, and what an adversary gets of it')
  const sections = await sampleSections(paths)
  const scene = await enrolEverybody()
  const record = await share(scene, sections)
  await readIt(scene, { record, sections })
  await revoke(scene, record)
  const adversary = await attack(scene, record)
  await searchRelay({ ...scene, holders: [scene.lee, scene.wong, scene.chan], adversary }, sections)
  await trail(scene, record)
}

// ——— 1. who is there

async function enrolEverybody() {
  chapter('A relay, two institutions, four doctors: eight processes')
  // A vault may be unlocked by a passphrase too; a key that the host keeps starts quicker.
  const vault = (/** @type {string} */ name) => ({ vault: join(folder, `${name}.vault`), hostKey: randomBytes(32) })
  const [relay, kec, harbour, ...doctors] = await Promise.all([
    startRelay(folder),
    startRole('./institution.mjs'),
    startRole('./institution.mjs'),
    ...Object.keys(people).map(() => startRole('./doctor.mjs')),
  ])
  expect(true, `relay: process ${relay.pid}, its store in ${relay.data}`)
  const { token, url } = relay
  const network = await kec.call('foundNetwork', { relay: url, token, ...vault('network') })
  const institutions = { kec, harbour }
  for (const [role, key, name] of /** @type {const} */ ([
    [kec, 'kec', 'Kowloon East Clinic'],
    [harbour, 'harbour', 'Harbour Hospital'],
  ])) {
    await kec.call('admit', await role.call('found', { file: network, name, ...vault(key) }))
    await role.call('appoint', vault(`${key}-issuer`))
    expect(true, `${name}: process ${role.pid}, admitted to the network, its issuer behind a log-in`)
  }
  const vaults = { lee: vault('lee') }
  const enrol = async (/** @type {Role | undefined} */ role, /** @type {keyof typeof people} */ key) => {
    if (!role) throw new Error('a doctor has no process')
    const { institution, claims } = people[key]
    const issuer = institutions[/** @type {keyof typeof institutions} */ (institution)]
    role.answer('credential', (request) => issuer.call('issue', { request, claims }))
    const me = await role.call('open', { network, ...(key === 'lee' ? vaults.lee : vault(key)) })
    expect(me.status === 'verified', `${me.name}, ${me.institution}: process ${role.pid}, a vault of its own`)
    return role
  }
  const [chan, lee, wong, ho] = [
    await enrol(doctors[0], 'chan'),
    await enrol(doctors[1], 'lee'),
    await enrol(doctors[2], 'wong'),
    await enrol(doctors[3], 'ho'),
  ]
  return { relay, network, vaults, chan, lee, wong, ho }
}

/** @typedef {Awaited<ReturnType<typeof enrolEverybody>>} Scene */
/** @typedef {Awaited<ReturnType<typeof sampleSections>>} Sections */

// ——— 2. the record

/** @returns {Promise<string>} the record's id */
async function share(/** @type {Scene} */ { chan }, /** @type {Sections} */ sections) {
  chapter('Dr Chan makes a record and shares it')
  const files = Object.values(sections).flat()
  const bytes = files.reduce((sum, { data }) => sum + data.length, 0)
  const { id } = await chan.call('create', { ref: 'visit-1', ...card, sections })
  expect(id.length === 64, `sealed, stored, durable: ${files.length} files, ${size(bytes)}`)
  table(
    [
      ['section', 12],
      ['files', 72],
    ],
    Object.entries(sections).map(([name, list]) => [name, list.map((file) => file.name).join(', ')]),
  )
  const granted = Object.keys(sections).filter((name) => name !== PRIVATE)
  const { lee, wong } = people
  await chan.call('share', { id, registration: lee.claims.registration, sections: granted, reason: REASONS.lee })
  expect(true, `Dr Lee: ${granted.join(', ')} (not ${PRIVATE})`)
  const some = granted.filter((name) => name === LETTER || name === 'labs')
  await chan.call('share', { id, registration: wong.claims.registration, sections: some, reason: REASONS.wong })
  expect(true, `Dr Wong: ${some.join(', ')}`)
  return id
}

// ——— 3. reading

async function readIt(
  /** @type {Scene} */ { chan, lee, ho },
  /** @type {{ record: string, sections: Sections }} */ { record: id, sections },
) {
  chapter('Dr Lee reads')
  const read = await lee.call('read', { id, purpose: PURPOSES.lee })
  expect(read.opening <= 2, `opened "${read.title}" in ${read.opening} round trips, her view entry in the log first`)
  const same = read.files.filter((/** @type {any} */ file) => file.sha256 === hashOf(sections, file))
  const expected = Object.entries(sections).flatMap(([name, files]) => (name === PRIVATE ? [] : files)).length
  expect(
    same.length === expected && read.files.length === expected,
    `${same.length} of ${expected} files streamed, each with the SHA-256 that Dr Chan's file has`,
  )
  await readRange(lee, { id, sections })
  await refused(
    lee.call('read', { id, purpose: PURPOSES.lee, sections: [PRIVATE] }),
    ['NOT_GRANTED'],
    `the section "${PRIVATE}", which she was not granted, is refused`,
  )
  await refused(
    ho.call('read', { id, purpose: 'curiosity' }),
    ['UNKNOWN'],
    'Dr Ho, who was granted nothing, learns nothing',
  )

  const version = await chan.call('publish', { id, sections: { [LETTER]: correctedLetter() } })
  const again = await lee.call('read', { id, purpose: PURPOSES.leeAgain, sections: [LETTER] })
  const corrected = createHash('sha256')
    .update(correctedLetter()[0]?.data ?? '')
    .digest('hex')
  expect(
    version === 2 && again.files[0]?.sha256 === corrected,
    'Dr Chan publishes version 2; Dr Lee reads the corrected letter',
  )
}

/** A range out of the middle of the longest file that she was granted. */
async function readRange(/** @type {Role} */ lee, /** @type {{ id: string, sections: Sections }} */ { id, sections }) {
  const files = Object.entries(sections).flatMap(([section, list]) =>
    section === PRIVATE ? [] : list.map(({ data, name }, index) => ({ section, index, data, name })),
  )
  const [longest] = files.sort((a, b) => b.data.length - a.data.length)
  if (!longest) return
  const { section, index, data, name } = longest
  const from = Math.max(0, Math.min(1_048_000, data.length - 1000))
  const to = Math.min(data.length, from + 1000)
  const bytes = await lee.call('range', { id, section, index, from, to })
  expect(Buffer.compare(bytes, data.subarray(from, to)) === 0, `bytes ${from} to ${to} of ${name}, read as a range`)
}

function hashOf(/** @type {Sections} */ sections, /** @type {{ section: string, name: string }} */ { section, name }) {
  const file = /** @type {Record<string, readonly { name: string, data: Uint8Array }[]>} */ (sections)[section]?.find(
    (one) => one.name === name,
  )
  return createHash('sha256')
    .update(file?.data ?? '')
    .digest('hex')
}

// ——— 4. the revocation

async function revoke(/** @type {Scene} */ { chan, lee, wong, ho }, /** @type {string} */ id) {
  chapter('Dr Chan revokes Dr Lee, and publishes version 3')
  const { registration } = people.lee.claims
  const opened = await chan.call('revoke', { id, registration, reason: REASONS.revoked })
  expect(opened === 2, `said at once: what she has opened already (${opened} views) she may have kept`)
  const version = await chan.call('publish', { id, sections: { [LETTER]: correctedLetter() } })
  const read = await wong.call('read', { id, purpose: PURPOSES.wong })
  expect(version === 3 && read.version === 3 && read.files.length > 0, 'Dr Wong, who still may, reads version 3')
  await refused(lee.call('read', { id, purpose: PURPOSES.lee }), ['UNKNOWN'], 'Dr Lee cannot open it any more')
  await refused(ho.call('read', { id, purpose: 'curiosity' }), ['UNKNOWN'], 'and gets the answer that an outsider gets')
  expect((await lee.call('list')).length === 0, 'it is on her list no more')
  const why = await chan.call('explain', { id, registration })
  expect(why === 'no grant of hers holds now', 'asked why, the SDK says', why)
}

// ——— 5. the adversary

async function attack(/** @type {Scene} */ { relay, network, vaults, lee }, /** @type {string} */ id) {
  chapter('An adversary: all of Dr Lee, a client without checks, and the relay’s disk')
  const copy = join(folder, 'stolen')
  await cp(relay.data, copy, { recursive: true })
  const adversary = await startRole('./adversary.mjs')
  const had = await adversary.call('begin', { network, ...vaults.lee, exchanges: await lee.call('exchanges'), id })
  expect(
    had.secrets > 0 && had.tickets > 0,
    `has her vault and her traffic: ${had.secrets} secrets, ${had.tickets} tickets, ${had.entries} entries`,
  )
  const tickets = await adversary.call('tickets', copy)
  expect(
    tickets.tried > 0 && tickets.refused === tickets.tried,
    `old tickets on old and new segments: ${tickets.refused} of ${tickets.tried} answered like a segment that does not exist`,
  )
  const replays = /** @type {{ status: number, handouts: number }[]} */ (await adversary.call('replay'))
  expect(
    replays.length > 0 && replays.every(({ status, handouts }) => status === 200 && handouts === 0),
    `her old views, replayed: place and proof again, keys and manifests 0 times`,
  )
  const views = /** @type {string[]} */ (await adversary.call('views', copy))
  expect(
    views.every((code) => code === 'GRANT_ENDED' || code === 'NOT_GRANTED'),
    'fresh views, signed raw on the newest heads: refused',
    views.join(', '),
  )
  const home = await adversary.call('home', copy)
  expect(
    home.opened === 0 && home.attempts > 0,
    `every secret on everything published since: ${home.attempts} attempts on ${home.objects} objects, ${home.opened} opened`,
    home.kinds.join(', '),
  )
  expect(home.control > 0, `control: of what she was granted before, the same attempts open ${home.control} objects`)
  return adversary
}

// ——— 7. the trail (6. is search.mjs)

async function trail(/** @type {Scene} */ { chan }, /** @type {string} */ id) {
  chapter('The trail, as Dr Chan sees it: every step verified')
  const steps = /** @type {import('@sealchart/client-sdk').Step[]} */ (await chan.call('trail', id))
  table(
    [
      ['UTC', 8],
      ['who', 16],
      ['what', 23],
      ['sections', 17],
      ['purpose or reason', 22],
      ['', 1],
    ],
    steps.map((step) => [
      step.when.toISOString().slice(11, 19),
      step.who?.name ?? '',
      [step.what, step.version ?? '', ...step.to.map(({ name }) => name)].filter(Boolean).join(' '),
      step.sections.join(', '),
      step.text ?? '',
      step.status === 'verified' ? '✓' : '✗',
    ]),
  )
  const what = steps.map((step) => step.what).join(' ')
  expect(
    what === 'create grant grant view publish view revoke publish view' &&
      steps.every(({ status }) => status === 'verified'),
    `${steps.length} steps, nothing missing, nothing of what was refused`,
  )
}
