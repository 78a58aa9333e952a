// The canary search of the demonstration: every plaintext and every key that a client held, looked for in all that the relay has.
// A control, sent by a client through wire and relay to the disk, shows that the search would have found them.

import { randomBytes } from 'node:crypto'
import { searchCanaries, writeForms } from '@sealchart/testing'
import { PURPOSES, REASONS } from './cast.mjs'
import { filesIn } from './relay.mjs'
import { card, correctedLetter } from './samples.mjs'
import { chapter, expect, size } from './table.mjs'

/** @typedef {import('./processes.mjs').Role} Role */
/** @typedef {Awaited<ReturnType<typeof import('./samples.mjs').sampleSections>>} Sections */

/** Bytes of a file that are searched for: all of a small one. */
const MOST = 65_536

/**
 * Plants a control, searches, and says what was found where.
 * @param {{ relay: Awaited<ReturnType<typeof import('./relay.mjs').startRelay>>, holders: readonly Role[], adversary: Role }} scene
 * @param {Sections} sections
 */
export async function searchRelay({ relay, holders, adversary }, sections) {
  chapter('What the relay has: every 16 bytes of every plaintext and key, searched for')
  const control = { name: 'control', bytes: new Uint8Array(randomBytes(48)) }
  const status = await adversary.call('plant', control.bytes)
  const secrets = await Promise.all(holders.map((role) => role.call('secrets')))
  const wanted = [control, ...plaintexts(sections), ...secrets.flat()]
  const log = new TextEncoder().encode(relay.output() + Buffer.from(control.bytes).toString('hex'))
  let searched = 0
  async function* haystacks() {
    for (const [place, files] of /** @type {const} */ ([
      ['disk', filesIn(relay.data)],
      ['disk', filesIn(`${relay.data}.local`)],
      ['wire', relay.traffic()],
    ])) {
      for await (const { name, bytes } of files) {
        searched += bytes.length
        yield { name: `${place} ${name}`, bytes }
      }
    }
    yield { name: 'log output', bytes: log }
  }
  const found = await searchCanaries({ canaries: wanted, haystacks: haystacks() })
  const controls = found.filter(({ canary }) => canary === 'control')
  const others = found.filter(({ canary }) => canary !== 'control')
  const inPlace = (/** @type {string} */ place) =>
    new Set(controls.filter(({ haystack }) => haystack.startsWith(place)).map(({ form }) => form)).size
  const forms = new Set(writeForms(control.bytes).map(({ form }) => form)).size
  expect(
    status === 200 && inPlace('disk') === forms && inPlace('wire') === forms && inPlace('log') === 1,
    `planted controls found: in ${forms} forms on the disk and on the wire, and in the log output`,
  )
  expect(
    others.length === 0,
    `${wanted.length - 1} plaintexts and keys in ${size(searched)} of disk, write-ahead log, log output and traffic: ${others.length} found`,
    others.map(({ canary, form, haystack }) => `${canary} as ${form} in ${haystack}`).join('; '),
  )
}

function plaintexts(/** @type {Sections} */ sections) {
  const utf8 = (/** @type {string} */ text) => new TextEncoder().encode(text)
  const { name, ids } = card.patient
  return [
    ...Object.values(sections).flatMap((files) =>
      files.map((file) => ({ name: file.name, bytes: file.data.subarray(0, MOST) })),
    ),
    ...correctedLetter().map((file) => ({ name: 'corrected letter', bytes: file.data })),
    { name: 'title', bytes: utf8(card.title) },
    { name: 'patient', bytes: utf8(`${name}, ${card.patient.born}, ${ids[0]?.value}`) },
    ...[...Object.values(REASONS), ...Object.values(PURPOSES)].map((text) => ({ name: 'purpose', bytes: utf8(text) })),
  ].filter(({ bytes }) => new Set(bytes).size >= 6 && bytes.length >= 16)
}
