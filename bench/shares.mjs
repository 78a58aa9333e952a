// What sharing costs a client, by the SDK's own calls over a relay of its own (the real process over SQLite and files): requests and
// bytes of sharing 50 kB with three doctors and of opening it cold, and of ending one grant of very many, which turns the keys for all
// who remain.
//
//   node bench/shares.mjs [recipients] [revocations]
//
// Bytes are those of bodies. CPU is the client process's, all of it, garbage collection included. The many recipients are enrolled in
// lists, without the SDK; each has a chain, keys and a credential of her own, and each grant is the SDK's.
import { countingTransport, foundAlliance } from './lib/alliance.mjs'
import { enrolCards, measured, openWorld, random } from './lib/chart-world.mjs'
import { figure, machine, median, table, targetAtMost } from './lib/measure.mjs'
import { startRelay } from './lib/relay.mjs'

const recipients = Number(process.argv[2] ?? 10_000)
const revocations = Number(process.argv[3] ?? 3)
const SHARED_AT_ONCE = 60
const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`

// ——— few

async function few(relay, rows) {
  const alliance = await foundAlliance(relay)
  const { transport, take } = countingTransport()
  const author = await alliance.enrol({ transport })
  const doctors = [await alliance.enrol(), await alliance.enrol(), await alliance.enrol()]
  const sections = { summary: { name: 'letter.pdf', data: random(50_000) } }
  const share = [{ with: doctors.map(({ chart }) => chart.me), sections: ['summary'], reason: 'referral' }]
  const steps = {}
  let record
  let chart
  const creating = { ref: 'few', title: 'Referral', sections, share }
  steps['sharing 50 kB with three doctors'] = async () => {
    record = await author.chart.records.create(creating)
  }
  steps['opening a vault cold'] = async () => {
    chart = await alliance.reopen(doctors[0], { transport })
  }
  steps['opening the record, its file read'] = async () => {
    const opened = await chart.records.open(record.id, { purpose: 'treatment' })
    await opened.files('summary')[0].bytes()
  }
  steps['opening it again'] = async () => {
    await chart.records.open(record.id, { purpose: 'treatment' })
  }
  for (const [name, step] of Object.entries(steps)) rows.push([name, await measured(take, step)])
}

// ——— many

/** Enrols and shares in step: the relay takes 60 entries a second from the institution, and as many from the founder. */
async function shareWithAll({ world, record }) {
  const people = []
  const enrol = async () => {
    const cards = await enrolCards(world, Math.min(SHARED_AT_ONCE, recipients - people.length))
    people.push(...cards)
    return cards
  }
  for (let next = await enrol(); next.length > 0; ) {
    const [, following] = await Promise.all([
      record.share({ with: next, sections: ['summary'], reason: 'board' }),
      people.length < recipients ? enrol() : [],
    ])
    next = following
  }
  return people
}

async function many(relay, rows) {
  const { transport, take } = countingTransport()
  const { world, chart } = await openWorld(relay, { transport })
  const sections = { summary: { name: 'letter.pdf', data: random(50_000) } }
  const record = await chart.records.create({ ref: 'many', title: 'Board', sections })
  const people = await shareWithAll({ world, record })
  for (let i = 0; i < revocations; i++) {
    const step = () => record.revoke(people[i * 7], { reason: 'left the board' })
    rows.push([`revoking one of ${recipients - i}`, await measured(take, step)])
  }
}

/** One relay each: an empty one is founded once. */
async function onRelay(action, rows) {
  const relay = await startRelay()
  try {
    await action(relay, rows)
  } finally {
    await relay.end()
  }
}

console.log(machine())
const rows = []
await onRelay(few, rows)
await onRelay(many, rows)
const cells = ({ requests, sent, received, cpu, wall }) => [
  requests,
  kB(sent),
  kB(received),
  cpu.toFixed(0),
  wall.toFixed(0),
]
table([['', 'requests', 'sent', 'received', 'CPU ms', 'ms'], ...rows.map(([name, taken]) => [name, ...cells(taken)])])
const fewRows = rows.slice(0, -revocations)
const last = rows.slice(-revocations).map(([, taken]) => taken)
for (const [name, { requests, sent, received }] of fewRows) {
  const bytes = `${kB(sent)} sent, ${kB(received)} received`
  if (name.startsWith('sharing')) targetAtMost(`${name}, round trips`, requests, 2, bytes)
  else if (name.startsWith('opening the record')) targetAtMost(`${name}, round trips`, requests, 2, bytes)
  else figure(`${name}, round trips`, requests, bytes)
}
const each = median(last.map(({ cpu }) => cpu)) / recipients
const { requests, sent, received } = last[0]
figure(
  `revoking one of ${recipients}, client`,
  `${((each * recipients) / 1000).toFixed(1)} s of CPU`,
  [`${each.toFixed(2)} ms a recipient`, `${requests} requests`, `${kB(sent)} sent`, `${kB(received)} received`].join(
    ', ',
  ),
)
