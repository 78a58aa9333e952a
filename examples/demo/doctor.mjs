// A doctor's process: a workstation with a vault of its own, calling the SDK as a vendor's software would.

import { createHash } from 'node:crypto'
import { fileVault, Sealchart } from '@sealchart/client-sdk'
import { gatherLoot, recordingTransport, uncheckedClient } from '@sealchart/testing'
import { ask, play } from './role.mjs'

/** @type {Sealchart} */
let chart
/** @type {{ readonly network: string, readonly vault: import('@sealchart/client-sdk').VaultHandle }} */
let opened
/** @type {Map<string, import('@sealchart/client-sdk').ChartRecord>} */
const records = new Map()
/** @type {import('@sealchart/testing').Exchange[]} */
const exchanges = []

const held = (/** @type {string} */ id) => {
  const record = records.get(id)
  if (record) return record
  throw new Error('this process does not have that record open')
}
const someone = (/** @type {string} */ registration) => chart.directory.one({ registration })

play({
  async open({ network, vault, hostKey }) {
    opened = { network, vault: fileVault(vault, hostKey) }
    const transport = recordingTransport(fetch, (exchange) => exchanges.push(exchange))
    chart = await Sealchart.open({ ...opened, transport, credential: (request) => ask('credential', request) })
    const { name, institution, status } = chart.me
    return { name, institution: institution.name, status }
  },
  async create(options) {
    const before = chart.roundTrips
    const record = await chart.records.create(options)
    records.set(record.id, record)
    return { id: record.id, roundTrips: chart.roundTrips - before }
  },
  async share({ id, registration, ...share }) {
    const grant = await held(id).share({ with: await someone(registration), ...share })
    return grant.recipient.name
  },
  async read({ id, ...options }) {
    const before = chart.roundTrips
    const record = await chart.records.open(id, options)
    records.set(id, record)
    const opening = chart.roundTrips - before
    const sections = options.sections ?? record.card.sections.map(({ name }) => name)
    return { title: record.card.title, version: record.version, opening, files: await digest(record, sections) }
  },
  async range({ id, section, index, from, to }) {
    const file = held(id).files(section)[index]
    return file?.range(from, to)
  },
  publish: ({ id, sections }) => held(id).publish({ sections }),
  async revoke({ id, registration, reason }) {
    const { alreadyOpened } = await held(id).revoke(await someone(registration), { reason })
    return alreadyOpened?.length ?? null
  },
  list: async () => (await chart.records.list()).records.map(({ id }) => id),
  async trail(id) {
    const steps = []
    for await (const step of held(id).trail()) steps.push(step)
    return steps
  },
  explain: async ({ id, registration }) => (await held(id).explainAccess(await someone(registration))).because,
  /** Everything that this client was ever sent or answered. */
  exchanges: () => exchanges,
  /** Everything secret that this client holds: what must stand nowhere else. */
  secrets: async () => (await gatherLoot(await uncheckedClient(opened), exchanges)).secrets,
})

/** Streams the files of sections, and says what came. */
async function digest(
  /** @type {import('@sealchart/client-sdk').ChartRecord} */ record,
  /** @type {readonly string[]} */ sections,
) {
  const files = []
  for (const section of sections) {
    for (const file of filesOrNone(record, section)) {
      const hash = createHash('sha256')
      for await (const chunk of file.stream()) hash.update(chunk)
      files.push({ section, name: file.name, length: file.length, sha256: hash.digest('hex') })
    }
  }
  return files
}

/** Sections that were not granted have no files here. */
function filesOrNone(/** @type {import('@sealchart/client-sdk').ChartRecord} */ record, /** @type {string} */ section) {
  try {
    return record.files(section)
  } catch {
    return []
  }
}
