// Chains under the rules: a story that is accepted chapter by chapter, and after each chapter what a verifier refuses there, and some of what
// it accepts. Spec: docs/spec/rules.md. Entries of one kind of chain each: rules-authority.mjs, rules-quorum.mjs, rules-device.mjs,
// rules-registration.mjs, rules-team.mjs, rules-record.mjs, rules-sharing.mjs, rules-ledger.mjs, rules-hidden.mjs;
// entries that are judged alone: rules-alone.mjs.
import * as p from '../../packages/protocol/dist/index.js'
import { hex } from '../operations/notation.mjs'
import { alone } from './rules-alone.mjs'
import { authority } from './rules-authority.mjs'
import { deviceCases } from './rules-device.mjs'
import { hidden } from './rules-hidden.mjs'
import { ledger } from './rules-ledger.mjs'
import { quorumCases } from './rules-quorum.mjs'
import { recordCases } from './rules-record.mjs'
import { registrationCases } from './rules-registration.mjs'
import { sharingCases } from './rules-sharing.mjs'
import { teamCases } from './rules-team.mjs'
import { vectorsOf } from './vectors.mjs'
import {
  foundedWorld,
  logSigner,
  network,
  peopledWorld,
  recordedWorld,
  revokedWorld,
  sharedWorld,
  viewedWorld,
} from './world.mjs'

/** Operations whose inputs are what was played, and nothing besides. */
const WITHOUT_A_LEDGER = ['rules/list', 'rules/apply']

/** Chapters of the story: name → [what happens, how the world goes on]. */
const chapters = {
  'a-network-is-founded': ['A network, two institutions, an issuer.', foundedWorld],
  'three-members-join': ['Chan and Wong at the clinic, Lee at the hospital.', peopledWorld],
  'a-record-is-created': ['Chan creates a record of a card and two sections.', recordedWorld],
  'a-section-is-shared': ['Chan lets Lee view section 1 for a day.', sharedWorld],
  'lee-views': ['Lee views section 1.', viewedWorld],
  'chan-revokes': ['Chan ends Lee’s grant: card, section 1 and trail take new epochs.', revokedWorld],
}

export default async function rules(elsewhere) {
  const { accepts, refuses, files } = vectorsOf('rules', elsewhere)
  const worlds = {}
  let before = null
  let founding
  const inputsAfter = (chapter, rest) => ({
    network: hex(network),
    founding: hex(founding),
    logKey: p.encodeNoteKey(logSigner.key),
    ...(chapter && { before: [chapter] }),
    ...rest,
  })

  for (const [name, [comment, next]] of Object.entries(chapters)) {
    const world = await next(before && worlds[before])
    founding ??= p.decodeEntry(world.entries[0].bytes).link
    const proven = world.answer(before ? worlds[before].size : 0)
    const spec = 'rules.md#verifying'
    await accepts(name, { spec, comment, operation: 'rules/take', inputs: inputsAfter(before, { proven }) })
    worlds[name] = world
    before = name
  }

  for (const one of [
    ...authority,
    ...deviceCases,
    ...quorumCases,
    ...registrationCases,
    ...teamCases,
    ...recordCases,
    ...sharingCases,
    ...ledger,
    ...alone,
  ]) {
    const { name, code = null, after, spec, comment, play, operation = 'rules/take' } = one
    const world = worlds[after].fork()
    const since = world.size
    const given = (await play(world, since)) ?? {}
    const inputs = WITHOUT_A_LEDGER.includes(operation)
      ? given
      : inputsAfter(after, { ...given, proven: given.proven ?? world.answer(since) })
    const vector = { spec: `rules.md#${spec}`, comment, operation, inputs }
    if (code === null) await accepts(name, vector)
    else await refuses(name, code, vector)
  }
  for (const { after, name, comment, play, shown, code, why, operation, inputs } of hidden) {
    const world = worlds[after].fork()
    const since = world.size
    const { first, later } = await play(world)
    const spec = 'rules.md#verifying'
    const taken = inputsAfter(after, { proven: world.answer(since, { entries: first }) })
    await accepts(name, { spec, comment, operation: 'rules/take', inputs: taken })
    const more = inputsAfter(name, { ...inputs, proven: world.answer(world.size, { entries: later }) })
    const vector = { spec, comment: why, operation, inputs: more }
    if (code === null) await accepts(shown, vector)
    else await refuses(shown, code, vector)
  }
  return files
}
