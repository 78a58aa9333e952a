// A dismissed issuer: somebody at an institution's help desk sold a credential. What he signed from then on is void, and nothing before it.
import { testNetwork } from '@sealchart/testing'
import { contents, letter, opens, outcome } from './lib.mjs'

/** @param {(line: string) => void} say */
export default async function dismissedIssuer(say) {
  const net = await testNetwork({ kec: ['chan'], hospital: ['lee'] })
  const { root, issuer } = net.institutions.hospital
  const chan = net.chart('chan')
  const record = await chan.records.create({
    ref: 'visit-1',
    title: 'Chest pain',
    sections: { report: letter('stable') },
  })
  await record.share({ with: net.person('lee'), sections: ['report'], reason: 'referral' })

  let from = 0
  for await (const { index } of record.trail()) from = index + 1
  const eve = await net.enrol('hospital', { name: 'Dr Eve', registration: 'M99999', board: 'hk-mchk', role: 'doctor' })
  await record.share({ with: eve.me, sections: ['report'], reason: 'referral' })
  say(
    `The help desk enrols ${eve.me.name}, who is no doctor. Chan trusts the hospital, and shares. Eve reads: ${await contents(eve, record.id)}.`,
  )

  await root.dismissIssuer(issuer.device, { from })
  say(
    `The hospital finds out, and dismisses the help desk’s issuer from the day before on. Eve: ${await opens(eve, record.id)}.`,
  )
  say(`Lee’s credential is older, and stands. Lee reads: ${await contents(net.chart('lee'), record.id)}.`)
  const again = record.share({ with: eve.me, sections: ['report'], reason: 'referral' })
  say(`Nobody shares with Eve any more: ${await outcome(again)}.`)

  await record.publish({ sections: { report: letter('infarct') } })
  say('What Chan writes now is under a key that Eve never had: her grant ended with the version.')
  await net.close()
}
