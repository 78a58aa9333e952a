// A network whose institution's keys are at hand, so that thousands can be enrolled in lists, with one chart of the SDK's own in it.
import { randomBytes } from 'node:crypto'
import { memoryVault, Sealchart } from '@sealchart/client-sdk'
import { ready } from '@sealchart/crypto'
import * as p from '@sealchart/protocol'
import { decodeCredentialRequest, encodeCredentialAnswer } from '../../packages/client-sdk/dist/credential.js'
import { encodeNetworkFile } from '../../packages/client-sdk/dist/network.js'
import { World } from './world.mjs'

export const random = (length) => new Uint8Array(randomBytes(length))

/** The world, its network file's text, and a founder's chart, enrolled by the SDK. */
export async function openWorld(relay, options) {
  await Promise.all([ready(), p.ready()])
  const world = new World(relay)
  await world.found()
  const { chain } = world.network
  const founding = world.heads.get(p.hex(chain)).previous
  const text = encodeNetworkFile({ name: 'Bench', relay: relay.url, pin: { chain, founding, log: relay.log } })
  const credential = async (request) => {
    const { founding: found } = decodeCredentialRequest(request)
    return encodeCredentialAnswer({ ...(await world.vouchFor(p.decodeEntry(found))), pass: null })
  }
  const vault = memoryVault({ hostKey: random(32) })
  return { world, text, chart: await Sealchart.open({ network: text, vault, credential, ...options }) }
}

/** Enrols people, as cards that the SDK takes. */
export async function enrolCards(world, count) {
  const institution = { id: world.institution.chain }
  return (await world.enrol(count)).map(({ chain }) => ({ id: chain, status: 'verified', institution }))
}

/** Runs a step and answers with what it took: ms of wall and CPU, requests, bytes. */
export async function measured(take, step) {
  take()
  const before = process.cpuUsage()
  const started = performance.now()
  await step()
  const wall = performance.now() - started
  const { user, system } = process.cpuUsage(before)
  return { wall, cpu: (user + system) / 1000, ...take() }
}
