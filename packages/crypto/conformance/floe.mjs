// FLOE known answers of three implementations (Snowflake-Labs/floe-specification, kats/): opened, and sealed again under the same
// IVs to the same bytes. Segment lengths 64 and 4096, and 40 with a key rotation every four segments.
import { joinSegment, nameSegment, resumeSealing, startOpening } from '../dist/floe.js'
import { HEADER_LENGTH, payloadLength } from '../dist/floe-layout.js'
import { main, readText, suite, unhex } from './lib.mjs'

const KEY = new Uint8Array(32)
const AAD = new TextEncoder().encode('This is AAD')
const INSTANCES = {
  GCM256_IV256_64: { segmentLength: 64, rotationBits: 20 },
  GCM256_IV256_4K: { segmentLength: 4096, rotationBits: 20 },
  rotation: { segmentLength: 40, rotationBits: 2 },
}

async function openAndSealAgain({ parameters, ciphertext, plaintext }) {
  const header = ciphertext.subarray(0, HEADER_LENGTH)
  const opening = startOpening(KEY, AAD, header, parameters)
  const sealing = resumeSealing(KEY, AAD, header, { parameters, random: (length) => new Uint8Array(length) })
  const count = Math.ceil((ciphertext.length - HEADER_LENGTH) / parameters.segmentLength)
  for (let position = 0; position < count; position++) {
    const from = HEADER_LENGTH + position * parameters.segmentLength
    const segment = ciphertext.subarray(from, from + parameters.segmentLength)
    const final = position === count - 1
    const opened = await opening.openSegment(segment, position, final)
    const start = position * payloadLength(parameters)
    if (Buffer.compare(opened, plaintext.subarray(start, start + opened.length)) !== 0) return false
    if (final && start + opened.length !== plaintext.length) return false
    const recorded = { iv: segment.slice(4, 16), name: await nameSegment(segment) }
    const again = joinSegment(await sealing.resealSegment(opened, position, final, recorded))
    if (Buffer.compare(again, segment) !== 0) return false
  }
  return true
}

export async function run(dir) {
  const cases = ['cpp', 'go', 'java'].flatMap((implementation) =>
    Object.entries(INSTANCES).map(([instance, parameters]) => {
      const name = `${implementation}_${instance}`
      const ciphertext = unhex(readText(dir, 'floe', `${name}_ct.txt`))
      return [name, { parameters, ciphertext, plaintext: unhex(readText(dir, 'floe', `${name}_pt.txt`)) }]
    }),
  )
  return [await suite('floe', cases, openAndSealAgain)]
}

await main(import.meta.url, run)
