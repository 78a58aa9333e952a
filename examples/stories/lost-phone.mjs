// A lost phone: a doctor with two devices and a team loses one of them. One call ends it everywhere.
import { memoryVault, Sealchart } from '@sealchart/client-sdk'
import { testNetwork } from '@sealchart/testing'
import { contents, letter, opens } from './lib.mjs'

/** @param {(line: string) => void} say */
export default async function lostPhone(say) {
  const net = await testNetwork({ kec: ['chan'], hospital: ['lee', 'wong'] })
  const [chan, lee, wong] = [net.chart('chan'), net.chart('lee'), net.chart('wong')]

  const vault = memoryVault({ hostKey: crypto.getRandomValues(new Uint8Array(32)) })
  const enrolment = await Sealchart.enrolDevice({ ...net.connect, network: net.network, vault })
  say('Lee opens the app on her phone, and it shows a code. She types it at her desk.')
  const [joined, device] = await Promise.all([enrolment.joined(), lee.devices.add(enrolment.code, { name: 'Phone' })])
  say(`The phone shows whose it is to be: ${joined.me.name}, ${joined.me.institution.name}. Lee accepts.`)
  const phone = await joined.accept()

  const members = [net.person('lee'), net.person('wong')]
  const team = await chan.teams.create({ kind: 'department', name: 'Cardiology', members })
  const record = await chan.records.create({
    ref: 'visit-1',
    title: 'Chest pain',
    sections: { report: letter('stable') },
  })
  await record.share({ with: team, sections: ['report'], reason: 'handover' })
  say(`On the phone she reads what her department was given: ${await contents(phone, record.id)}.`)

  await lee.devices.remove(device.id)
  say(`The phone is left in a taxi. At her desk she removes it; on the phone: ${await opens(phone, record.id)}.`)
  const cardiology = await chan.teams.open(team.id)
  say(`Her department took a new key in the same minute: it is ${cardiology.state}, and nobody else did anything.`)

  await record.publish({ sections: { report: letter('infarct') } })
  say(
    `What is written now: Lee reads ${await contents(lee, record.id)}, Wong reads ${await contents(wong, record.id)}.`,
  )
  await net.close()
}
