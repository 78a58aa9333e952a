// The canary run: a relay process with SQLite and files, clients with real keys, and a search for what they hid in everything that the
// relay stores, prints, receives, sends and has in memory. Spec: docs/threat-model.md, "The canary run".
// Controls are what the relay does learn, planted as ordinary data: each is found where it must be, so the search can find.
// What staff claims say is known to relays (the closed list of the threat model) and is therefore no canary.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type ChartRecord,
  type ConnectOptions,
  Institution,
  type Issuer,
  memoryVault,
  Network,
  Sealchart,
  type VaultHandle,
} from '@sealchart/client-sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CanaryFinding, type Named, searchCanaries } from '../src/index.js'
import { publicDraws, recordedDraws, secretDraws } from './canary/draws.js'
import { filesOf, type RelayProcess, startRelay } from './canary/relay-process.js'
import { tapWire, type WireTap } from './canary/wire-tap.js'

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Everything that a doctor writes and nobody in the middle may read; all of it has a stretch of 16 telling bytes. */
const hidden = {
  title: 'Angiogram after the night of the seventeenth',
  category: 'referral to the cardiac catheter team',
  author: 'Registrar on duty, catheter laboratory',
  ref: 'visit 4f0c2f9e-5a2b-4c55-9d28-3a1f57b8e0c1',
  patient: 'Wong Siu Ming, called Simon Wong',
  system: 'urn:oid:2.16.840.1.113883.2.14.4.99',
  id: 'A123456(3) / ward number 77-19-03-5521',
  summary: 'sections/summary-of-the-admission',
  imaging: 'sections/coronary-angiography',
  letterName: 'letter-to-dr-lee-about-troponin.txt',
  letter: 'Dear colleague, three weeks of exertional chest pain; troponin rising.',
  chineseName: '轉介信－胸痛三星期－心導管檢查報告.txt',
  chinese: '病人因胸痛入院，心電圖顯示前壁心肌梗塞，建議盡快安排冠狀動脈造影。',
  studyName: 'study-1.2.840.113619.2.55.3.604688.dcm',
  correction: 'Corrected: the pain began four weeks ago, not three.',
  shareReason: 'second opinion before the intervention on Friday',
  auditReason: 'quality review of the catheter laboratory',
  revokeReason: 'second opinion was given, thank you',
  purpose: 'preparing the intervention on Friday morning',
  download: 'copy for the multidisciplinary conference',
} as const

/** What the relay learns, planted. The header is a key, which is written there in hexadecimal. */
const controls = {
  origin: utf8('control-log-name.sealchart.test'),
  claim: utf8('Dr Control Staff Claim In The Store'),
  search: utf8('Dr Control Searched By Name'),
  header: globalThis.crypto.getRandomValues(new Uint8Array(32)),
} as const
const textOf = (control: Uint8Array): string => new TextDecoder().decode(control)

/** The memory of another process can only be read on Linux; elsewhere everything else is searched. */
const memoryIsRead = process.platform === 'linux'

/** Where each control must be found. */
const planted: readonly { readonly control: keyof typeof controls; readonly place: string }[] = [
  { control: 'origin', place: 'stored: data.local' },
  { control: 'origin', place: 'printed: stdout and stderr' },
  { control: 'claim', place: 'stored: data/store.sqlite-wal' },
  { control: 'header', place: 'wire: requests of connection 0' },
  { control: 'claim', place: 'wire: answers of connection' },
  ...(memoryIsRead ? ([{ control: 'search', place: 'memory: ' }] as const) : []),
]

const draws = recordedDraws()
const study = globalThis.crypto.getRandomValues(new Uint8Array(65_000))
/** Three segments of the same bytes again and again, so that every window of it is a window of the study. */
const large = Uint8Array.from({ length: 2_500_000 }, (_, i) => study[i % study.length] as number)
const hostKeys: Uint8Array[] = []

let folder = ''
let relay: RelayProcess
let wire: WireTap
const findings: CanaryFinding[] = []
/** Bytes that were searched, of each kind of haystack. */
const searched = new Map<string, number>()

const connect: ConnectOptions = {
  random: draws.random,
  transport(request) {
    const headers = new Headers(request.headers)
    headers.set('x-control', Buffer.from(controls.header).toString('hex'))
    return fetch(new Request(request, { headers }))
  },
}

function newVault(): VaultHandle {
  const hostKey = globalThis.crypto.getRandomValues(new Uint8Array(32))
  hostKeys.push(hostKey)
  return memoryVault({ hostKey })
}

interface Clinic {
  readonly network: Network
  readonly issuer: Issuer
}

async function foundClinic(): Promise<Clinic> {
  const { url } = wire
  const options = { ...connect, name: 'Alliance', relay: url, token: relay.token, vault: newVault() }
  const network = await Network.found(options)
  const root = await Institution.found({ ...connect, network: network.text, name: 'Clinic', vault: newVault() })
  await network.admit(root)
  return { network, issuer: await root.appointIssuer({ vault: newVault() }) }
}

const enrol = ({ network, issuer }: Clinic, name: string, registration: string): Promise<Sealchart> =>
  Sealchart.open({
    ...connect,
    network: network.text,
    vault: newVault(),
    credential: (request) => issuer.issue(request, { name, registration, board: 'hk-mchk' }),
  })

/** Reads all that is granted. */
async function readAll(record: ChartRecord, sections: readonly string[]): Promise<string> {
  const files = sections.flatMap((section) => record.files(section))
  const contents = await Promise.all(files.map((file) => file.bytes()))
  return contents.map((bytes) => Buffer.from(bytes).toString('latin1')).join('')
}

/** A day in the clinic: a record is made, shared, opened, corrected, revoked, downloaded and audited. */
async function work(clinic: Clinic): Promise<void> {
  const chan = await enrol(clinic, 'Dr Chan', 'M10001')
  const lee = await enrol(clinic, textOf(controls.claim), 'M10002')
  const ho = await enrol(clinic, 'Dr Ho', 'M10003')
  const record = await chan.records.create({
    ref: hidden.ref,
    title: hidden.title,
    category: hidden.category,
    author: hidden.author,
    patient: { name: hidden.patient, born: null, ids: [{ system: hidden.system, value: hidden.id }] },
    sections: {
      [hidden.summary]: [
        { name: hidden.letterName, data: utf8(hidden.letter) },
        { name: hidden.chineseName, data: utf8(hidden.chinese) },
      ],
      [hidden.imaging]: [
        { name: hidden.studyName, data: study },
        { name: 'large.dcm', data: large },
      ],
    },
    share: [{ with: lee.me, sections: [hidden.summary, hidden.imaging], reason: hidden.shareReason }],
  })
  await record.share({
    with: ho.me,
    sections: [hidden.summary],
    actions: ['download', 'trail'],
    reason: hidden.auditReason,
  })
  const opened = await lee.records.open(record.id, { purpose: hidden.purpose })
  expect(await readAll(opened, [hidden.summary])).toContain(hidden.letter)
  expect(Buffer.from((await opened.files(hidden.imaging)[0]?.bytes()) ?? [])).toEqual(Buffer.from(study))

  if (memoryIsRead) await search('memory', relay.memory())

  await record.publish({ sections: { [hidden.summary]: [{ name: hidden.letterName, data: utf8(hidden.correction) }] } })
  await record.revoke(lee.me, { reason: hidden.revokeReason })
  const audited = await ho.records.open(record.id, { purpose: hidden.download, action: 'download' })
  expect(await readAll(audited, [hidden.summary])).toContain(hidden.correction)
  const told: (string | null)[] = []
  for await (const { text } of audited.trail()) told.push(text)
  expect(told).toEqual(expect.arrayContaining([hidden.purpose]))
  // The relay's memory is read right after this, and holds what it has just served.
  await ho.directory.find({ name: textOf(controls.search) })
}

const canaries = (): Named[] => [
  ...Object.entries(hidden).map(([name, text]) => ({ name, bytes: utf8(text) })),
  { name: 'study', bytes: study },
  ...hostKeys.map((bytes, i) => ({ name: `host key of vault ${i}`, bytes })),
  ...draws.secrets,
]

async function search(kind: string, bodies: Iterable<Named>): Promise<void> {
  const named = function* (): Generator<Named> {
    for (const { name, bytes } of bodies) {
      searched.set(kind, (searched.get(kind) ?? 0) + bytes.length)
      yield { name: `${kind}: ${name}`, bytes }
    }
  }
  const known = Object.entries(controls).map(([name, bytes]) => ({ name: `control ${name}`, bytes }))
  findings.push(...(await searchCanaries({ canaries: [...canaries(), ...known], haystacks: named() })))
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sealchart-canaries-'))
  wire = await tapWire(() => relay.port)
  relay = await startRelay(join(folder, 'data'), ['--origin', textOf(controls.origin)])
  await work(await foundClinic())
  if (memoryIsRead) await search('memory', relay.memory())
  await search('printed', [{ name: 'stdout and stderr', bytes: relay.printed() }])
  await search('stored', filesOf(folder))
  await search('wire', wire.heard())
}, 120_000)

afterAll(async () => {
  await relay.stop()
  await wire.close()
  await rm(folder, { recursive: true, force: true })
})

test('nothing that the clients hid stands in what the relay stores, prints, receives, sends or has in memory', () => {
  expect(findings.filter(({ canary }) => !canary.startsWith('control '))).toEqual([])
})

test.each(planted)('the control "$control" is found in $place', ({ control, place }) => {
  const places = findings.filter(({ canary }) => canary === `control ${control}`).map(({ haystack }) => haystack)
  expect(places.filter((haystack) => haystack.startsWith(place))).not.toEqual([])
})

test('what was searched holds all that was sent, and a process that served it', () => {
  // The large study and more were put on the wire and stored, sealed.
  for (const kind of ['stored', 'wire']) expect(searched.get(kind)).toBeGreaterThan(large.length)
  if (memoryIsRead) expect(searched.get('memory')).toBeGreaterThan(10_000_000)
})

test('every draw was listed as secret or public, and every kind of key was drawn', () => {
  expect([...draws.unlisted]).toEqual([])
  expect(Object.keys(secretDraws).filter((name) => name in publicDraws)).toEqual([])
  expect([...new Set(draws.secrets.map(({ name }) => name))].sort()).toEqual([
    'createVaultKey for openVault',
    // Devices of issuers, of the network's and the institution's root, and of members with their first epoch.
    'newSecret for appointIssuer',
    'newSecret for found',
    'newSecret for newIdentity',
    // A record's sections and trail, its files, grants, and what a revocation begins anew.
    'newSecret for newKeys',
    'newSecret for sealWrap',
    'newSecret for startEpoch',
    'newSecret for startFile',
    'newSecret for startTrail',
    'sealTo for sealEnvelope',
    'sealTo for sealNote',
  ])
})
