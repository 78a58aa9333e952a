// An intern: somebody who sees some sections, for some time, and hands on what she may hand on and nothing else.
import { testNetwork } from '@sealchart/testing'
import { letter, opens, outcome, section } from './lib.mjs'

const WEEK = 7 * 24 * 3_600_000

/** @param {(line: string) => void} say */
export default async function intern(say) {
  const net = await testNetwork({
    ward: { ho: { role: 'consultant' }, ip: { role: 'intern' }, kwok: { role: 'nurse' } },
  })
  const [ho, ip, kwok] = [net.chart('ho'), net.chart('ip'), net.chart('kwok')]
  const record = await ho.records.create({
    ref: 'bed-12',
    title: 'Bed 12',
    sections: { summary: letter('day 3'), psychiatry: letter('in confidence') },
  })
  await record.share({
    with: net.person('ip'),
    sections: ['summary'],
    actions: ['shareOn'],
    reason: 'ward round',
    until: new Date(net.clock.now() + WEEK),
  })
  say(`Ho gives Ip, an intern, the summary for a week. Ip reads: ${await section(ip, record.id, 'summary')}.`)
  say(
    `The psychiatric section: ${await outcome(section(ip, record.id, 'psychiatry'))}. It has a key of its own, and Ip has none.`,
  )

  const hers = await ip.records.open(record.id, { purpose: 'ward round' })
  await hers.share({ with: net.person('kwok'), sections: ['summary'], reason: 'night shift' })
  say(`Ip shares it on with Kwok for the night. Kwok reads: ${await section(kwok, record.id, 'summary')}.`)
  const more = hers.share({
    with: net.person('kwok'),
    sections: ['summary'],
    actions: ['write'],
    reason: 'night shift',
  })
  say(`To let Kwok write is more than Ip has: ${await outcome(more)}.`)

  net.clock.advance({ days: 7 })
  say(`A week later, without anybody acting. Ip: ${await opens(ip, record.id)}. Kwok: ${await opens(kwok, record.id)}.`)
  await record.publish({ sections: { summary: letter('day 10') } })
  say('What Ho writes now is under a key that neither of them ever had.')
  await net.close()
}
