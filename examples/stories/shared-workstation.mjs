// A shared workstation: one computer on the ward, many doctors. A vault is opened with what its owner brings, and nothing stays behind.
import { memoryVault, Sealchart } from '@sealchart/client-sdk'
import { testNetwork } from '@sealchart/testing'
import { contents, letter, outcome } from './lib.mjs'

/** @param {(line: string) => void} say */
export default async function sharedWorkstation(say) {
  const net = await testNetwork({ ward: ['chan'] })
  const chan = net.chart('chan')
  const record = await chan.records.create({ ref: 'bed-3', title: 'Bed 3', sections: { report: letter('stable') } })
  const { vault, credential } = net.member('chan')

  const evening = await Sealchart.open({ ...net.connect, network: net.network, vault, credential })
  say(
    `In the evening Chan opens her vault at the ward’s computer. She is ${evening.me.name}: no new device, no new key.`,
  )
  say(`She reads: ${await contents(evening, record.id)}. She has ${(await evening.devices.list()).length} device.`)

  const stranger = memoryVault({ hostKey: crypto.getRandomValues(new Uint8Array(32)) })
  const nobody = Sealchart.open({ ...net.connect, network: net.network, vault: stranger })
  say(`Whoever sits down next has no vault, and the computer has kept nothing: ${await outcome(nobody)}.`)
  await net.close()
}
