// Whether a record that was opened very often still opens fast: two records of the same shape at one relay (the real process over SQLite
// and files), one with ten views and one with 100,000. A reader opens each in turns, cold: her vault is opened anew, her verified view
// of the network is empty but for its pins, and she reads the one file.
//
//   node bench/views.mjs [views] [rounds]
//
// The views are real entries: signed by readers who hold grants, checked, placed and sealed by the relay, 256 a list. Their purposes
// are random bytes, which no relay can tell from sealed ones.
import { randomBytes } from 'node:crypto'
import * as p from '@sealchart/protocol'
import { grantFor, listRecords } from '../packages/client-sdk/dist/access.js'
import { openMember } from '../packages/client-sdk/dist/enrolment.js'
import { actingAs } from '../packages/client-sdk/dist/member.js'
import { decodeNetworkFile } from '../packages/client-sdk/dist/network.js'
import { openVault } from '../packages/client-sdk/dist/vaults/contract.js'
import { countingTransport, foundAlliance } from './lib/alliance.mjs'
import { figure, interleave, machine, median, ratio, table, targetAtMost } from './lib/measure.mjs'
import { inLanes } from './lib/plain-client.mjs'
import { startRelay } from './lib/relay.mjs'
import { appendBody } from './lib/world.mjs'

const views = Number(process.argv[2] ?? 100_000)
const rounds = Number(process.argv[3] ?? 25)
const FEW = 10
/** Each signs an equal share: the relay takes 60 entries a second from one device in the long run. */
const READERS = 32
const LIST = 256
const random = (length) => new Uint8Array(randomBytes(length))

/** A reader as the SDK holds her, for signing entries without sending them. */
async function openReader(alliance, person) {
  const keeper = await openVault(person.vault, random)
  return openMember(keeper, decodeNetworkFile(alliance.text), person.credential, {})
}

/** What all views of one reader have in common, once her session knows the record. */
async function prepare(member, record) {
  const { records } = await listRecords(member, { record, after: null, limit: 1 })
  const { credential, restsOn } = actingAs(member)
  const grant = grantFor(member, record, { sections: [1], bit: p.actions.view })
  const body = { record, grant, credential, version: 1, sections: [1], trailEpoch: 0 }
  const { access } = records[0].item
  return async () => {
    const purpose = random(150)
    const draft = { kind: 'access', chain: p.accessLogOf(record), type: 'view', body, restsOn: [...restsOn, record] }
    const entry = await member.session.sign({ ...draft, access, private: p.sha256(purpose) })
    return { entry: entry.bytes, purpose }
  }
}

/** Appends so many views, each reader's in turn, in lists of 256. */
async function view(relay, signers, count) {
  const lists = []
  for (let at = 0; at < count; at += LIST) lists.push({ at, length: Math.min(LIST, count - at) })
  await inLanes(3, lists, async ({ at, length }) => {
    const signed = []
    for (let i = 0; i < length; i++) signed.push(await signers[(at + i) % signers.length]())
    const body = appendBody({ entries: signed.map(({ entry }) => entry), beside: signed.map(({ purpose }) => purpose) })
    await relay.send(p.paths.append, body)
  })
}

async function makeRecord(founder, ref, readers) {
  const sections = { letter: { name: 'letter.txt', data: random(1000) } }
  const share = [{ with: readers, sections: ['letter'], reason: 'bench' }]
  const record = await founder.chart.records.create({ ref, title: 'Bench', sections, share })
  return { id: record.id, chain: p.unhex(record.id) }
}

async function run(relay) {
  const alliance = await foundAlliance(relay)
  const founder = await alliance.enrol()
  const readers = []
  for (let i = 0; i < READERS; i++) readers.push(await alliance.enrol())
  const people = readers.map(({ chart }) => chart.me)
  const records = { few: await makeRecord(founder, 'few', people), many: await makeRecord(founder, 'many', people) }
  const members = []
  for (const reader of readers) members.push(await openReader(alliance, reader))
  const started = performance.now()
  for (const [name, count] of [
    ['few', FEW],
    ['many', views],
  ]) {
    const signers = []
    for (const member of members) signers.push(await prepare(member, records[name].chain))
    await view(relay, signers, count)
  }
  const seconds = (performance.now() - started) / 1000
  const { transport, take } = countingTransport()
  const traffic = {}
  const open = (name) => async () => {
    take()
    const chart = await alliance.reopen(readers[0], { transport })
    const record = await chart.records.open(records[name].id, { purpose: 'bench' })
    const [file] = record.files('letter')
    if ((await file.bytes()).length !== 1000) throw new Error('the file came back with another length')
    traffic[name] = take()
  }
  const results = await interleave({ few: open('few'), many: open('many') }, rounds)
  return { results, traffic, seconds }
}

console.log(machine())
const relay = await startRelay()
try {
  const { results, traffic, seconds } = await run(relay)
  const names = { few: `${FEW} views`, many: `${views} views` }
  table([
    ['opening cold', 'median ms', 'requests', 'bytes received'],
    ...['few', 'many'].map((name) => {
      const { requests, received } = traffic[name]
      return [names[name], median(results[name]).toFixed(1), requests, received]
    }),
  ])
  const absolute = ['many', 'few'].map((name) => `${median(results[name]).toFixed(1)} ms (${traffic[name].received} B)`)
  const what = `opening a record with ${names.many} cold, against one with ${FEW}`
  targetAtMost(what, ratio(results, 'many', 'few'), 1.2, `${absolute[0]}, ${absolute[1]}`)
  figure('views signed, checked and placed, 256 a list', `${(views / seconds).toFixed(0)} a second`)
} finally {
  await relay.end()
}
