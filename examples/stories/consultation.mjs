// A consultation with a leaver: three doctors of two hospitals look at one case, one of them leaves, and the case goes on without her.
import { testNetwork } from '@sealchart/testing'
import { contents, letter, opens } from './lib.mjs'

/** @param {(line: string) => void} say */
export default async function consultation(say) {
  const net = await testNetwork({ kec: ['chan'], hospital: ['lee', 'wong'] })
  const [chan, lee, wong] = [net.chart('chan'), net.chart('lee'), net.chart('wong')]

  const team = await chan.teams.create({
    kind: 'consultation',
    title: 'Mass, left lung',
    reason: 'operable?',
    members: [net.person('lee'), net.person('wong')],
    until: new Date(net.clock.now() + 30 * 24 * 3_600_000),
  })
  say(`Chan asks Lee and Wong: ${team.name} (${team.reason}). The relay knows of a consultation, and not what about.`)

  const record = await chan.records.create({ ref: 'visit-1', title: 'CT thorax', sections: { report: letter('3 cm') } })
  await record.share({ with: team, sections: ['report'], actions: ['write'], reason: 'second opinion' })
  say(
    `One grant, to the team. Lee reads: ${await contents(lee, record.id)}. Wong reads: ${await contents(wong, record.id)}.`,
  )

  await team.remove(net.person('wong'))
  say(`Wong changes hospitals, and Chan removes her: ${await opens(wong, record.id)}.`)

  const mine = await lee.records.open(record.id, { purpose: 'second opinion' })
  await mine.publish({ sections: { report: letter('operable') } })
  say(`Lee publishes under a key that Wong never had. Chan reads: ${await contents(chan, record.id)}.`)

  await team.close()
  say(`The question is answered, and Chan closes the consultation. Lee: ${await opens(lee, record.id)}.`)

  const again = await chan.records.open(record.id, { purpose: 'audit' })
  for await (const { who, what, to, from } of again.trail()) {
    const whom = to.map(({ name }) => ` ${name}`).join('')
    say(`on the trail: ${who?.name} ${what}${whom}${from ? ` (for the ${from.purpose})` : ''}`)
  }
  await net.close()
}
