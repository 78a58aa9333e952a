// What teams cost a client, by the SDK's own calls over a relay of its own (the real process over SQLite and files): removing one of a
// thousand, which turns the key for all others; and a lost phone of somebody in many teams, up to the moment at which the relay has it.
//
//   node bench/teams.mjs [members] [removals] [teams…]
//
// CPU is the client process's, all of it, garbage collection included. The members are enrolled in lists, without the SDK; each has a
// chain, keys and a credential of her own.
import { memoryVault, Sealchart } from '@sealchart/client-sdk'
import { countingTransport } from './lib/alliance.mjs'
import { enrolCards, measured, openWorld, random } from './lib/chart-world.mjs'
import { figure, machine, median, table, targetAtMost } from './lib/measure.mjs'
import { startRelay } from './lib/relay.mjs'

const members = Number(process.argv[2] ?? 1000)
const removals = Number(process.argv[3] ?? 3)
const counts = process.argv.length > 4 ? process.argv.slice(4).map(Number) : [10, 100]
const AT_ONCE = 60
const PAUSE = 1000

async function onRelay(action) {
  const relay = await startRelay()
  try {
    return await action(relay)
  } finally {
    await relay.end()
  }
}

/** Members leave a team one after the other. */
const leaving = (relay) =>
  onFullTeam(relay, async ({ team, people, take }) => {
    const taken = []
    for (let i = 0; i < removals; i++) taken.push(await measured(take, () => team.remove(people[i * 7])))
    return taken
  })

async function onFullTeam(relay, action) {
  const { transport, take } = countingTransport()
  const { world, chart } = await openWorld(relay, { transport })
  const people = []
  while (people.length < members - 1)
    people.push(...(await enrolCards(world, Math.min(AT_ONCE, members - 1 - people.length))))
  const team = await chart.teams.create({ kind: 'department', name: 'Bench', members: people.slice(0, 250) })
  for (let at = 250; at < people.length; at += 250) await team.add(people.slice(at, at + 250))
  return action({ team, people, take })
}

/** A phone is removed by somebody who sits in this many teams: CPU until the relay has placed the list that says so. */
async function losing(relay, teams) {
  const { transport: counted, take } = countingTransport()
  let placed = null
  const transport = async (request) => {
    const answer = await counted(request)
    if (request.url.endsWith('/v1/append')) placed ??= process.cpuUsage()
    return answer
  }
  const { text, chart } = await openWorld(relay, { transport })
  for (let i = 0; i < teams; i++) {
    await chart.teams.create({ kind: 'department', name: `Team ${i}` })
    if (i % AT_ONCE === AT_ONCE - 1) await new Promise((resolve) => setTimeout(resolve, PAUSE))
  }
  const vault = memoryVault({ hostKey: random(32) })
  const enrolment = await Sealchart.enrolDevice({ network: text, vault })
  const [joined, device] = await Promise.all([enrolment.joined(), chart.devices.add(enrolment.code, { name: 'Phone' })])
  await joined.accept()
  await chart.teams.list()
  take()
  placed = null
  const before = process.cpuUsage()
  const whole = await measured(take, () => chart.devices.remove(device.id))
  const { user, system } = placed
  return { ...whole, reported: (user + system - before.user - before.system) / 1000 }
}

console.log(machine())
const removed = await onRelay(leaving)
const lost = []
for (const teams of counts) lost.push([teams, await onRelay((relay) => losing(relay, teams))])
table([
  ['', 'requests', 'CPU ms', 'ms'],
  ...removed.map(({ requests, cpu, wall }, i) => [
    `removing one of ${members - i}`,
    requests,
    cpu.toFixed(0),
    wall.toFixed(0),
  ]),
  ...lost.map(([teams, { requests, cpu, wall }]) => [
    `a phone lost in ${teams} teams, and they refreshed`,
    requests,
    cpu.toFixed(0),
    wall.toFixed(0),
  ]),
])
const each = median(removed.map(({ cpu }) => cpu))
targetAtMost(
  `removing one of ${members} from a team, s of client CPU`,
  Number((each / 1000).toFixed(2)),
  1.2,
  `${(each / members).toFixed(2)} ms a member`,
)
for (const [teams, { reported, cpu }] of lost) {
  const text = `${cpu.toFixed(0)} ms with a new key for each`
  if (teams === 100)
    targetAtMost(`reporting a phone in ${teams} teams, ms of client CPU`, Math.round(reported), 100, text)
  else figure(`reporting a phone in ${teams} teams`, `${reported.toFixed(0)} ms of client CPU`, text)
}
