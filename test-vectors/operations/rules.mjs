// Operations on chains: answers of a relay that a ledger takes one after the other, trails, lists, and wrap lists against their entries.
import * as p from '../../packages/protocol/dist/index.js'
import { proven as answerShape } from '../../packages/protocol/dist/proven.js'
import { bytes, hex } from './notation.mjs'

const answerOf = (text) => p.unpack(answerShape, bytes(text), 'answer')

/** The answers that come before one, its own last. `named` finds a vector of the area by its name. */
function answersOf({ before = [], proven }, named) {
  return [...before.flatMap((name) => answersOf(named(name).inputs, named)), proven]
}

/** A ledger that has taken all of them, and what the last one brought; just before it the ledger is given `refused`, if there is one. */
async function taken(inputs, named) {
  const { network, founding, logKey, pins = [], tree = null } = inputs
  const pin = { chain: bytes(network), founding: bytes(founding), log: p.decodeNoteKey(logKey) }
  const ledger = new p.Ledger(pin, {
    tree: tree && { size: tree.size, root: bytes(tree.root) },
    chains: pins.map(([chain, sequence, link]) => ({ chain: bytes(chain), sequence, link: bytes(link) })),
  })
  const answers = answersOf(inputs, named)
  for (const answer of answers.slice(0, -1)) await ledger.take(answerOf(answer))
  const refused = inputs.refused === undefined ? null : await refusalOf(ledger, inputs.refused)
  return { ledger, refused, placed: await ledger.take(answerOf(answers.at(-1))) }
}

/** The tree, and the chains that an answer brought entries of. */
function shown({ ledger, placed }) {
  const ids = [...new Set(placed.map(({ entry }) => hex(entry.chain)))].sort((a, b) => (a < b ? -1 : 1))
  const { size, root } = ledger.tree
  return { size, root: hex(root), entries: placed.length, chains: ids.map((id) => chainNow(ledger, id)) }
}

/** The code that an answer is refused with, or null. */
const refusalOf = (ledger, answer) =>
  ledger.take(answerOf(answer)).then(
    () => null,
    ({ code }) => code,
  )

/** Facts that are given as they are: chain → key → bytes. */
const factsIn = (given) => ({
  get(chain, key) {
    const value = given[hex(chain)]?.[key]
    return value === undefined ? null : bytes(value)
  },
  under: () => [],
})

function chainNow(ledger, id) {
  const { sequence, link } = ledger.head(bytes(id))
  const facts = ledger.factsUnder(bytes(id), '').map(({ key, value }) => [key, hex(value)])
  return { chain: id, sequence, link: hex(link), facts: Object.fromEntries(facts) }
}

export const rules = {
  async 'rules/take'(inputs, named) {
    return shown(await taken(inputs, named))
  },
  async 'rules/again'(inputs, named) {
    const last = await taken(inputs, named)
    return { refused: last.refused, ...shown(last) }
  },
  async 'rules/apply'({ network, entry: input, index, time, facts }) {
    const entry = p.decodeEntry(bytes(input))
    const changes = await p.applyEntry(entry, p.lookFor(entry, factsIn(facts), bytes(network)), { index, time })
    const rows = changes.map(({ key, value }) => [key, hex(value)]).sort(([a], [b]) => (a < b ? -1 : 1))
    return { facts: Object.fromEntries(rows) }
  },
  async 'rules/trail'(inputs, named) {
    const { ledger } = await taken(inputs, named)
    p.checkTrail(ledger, bytes(inputs.record))
    return { numbers: ledger.entries(p.accessLogOf(bytes(inputs.record))).length }
  },
  'rules/list'({ entries }) {
    p.checkList(entries.map((entry) => p.decodeEntry(bytes(entry))))
    return {}
  },
  async 'wraps/fits'(inputs, named) {
    const { ledger, placed } = await taken(inputs, named)
    const { entry } = placed.at(-1)
    const ranges = p.decodeWrapList(bytes(inputs.list))
    const { wraps = null } = entry.body
    if (wraps !== null) p.checkWrapList(ranges, wraps)
    const leaves = ranges.map(({ row }) => row.leaf)
    await p.admits(entry, leaves, ledger.factsBefore(entry))
    return { rows: leaves.length }
  },
  /** The same, with what the recipients' chains say by then. */
  async 'wraps/reaches'(inputs, named) {
    const { ledger, placed } = await taken(inputs, named)
    const { entry, time } = placed.at(-1)
    const leaves = p.decodeWrapList(bytes(inputs.list)).map(({ row }) => row.leaf)
    const before = ledger.factsBefore(entry)
    const factsOf = (chain) => (p.equal(chain, entry.chain) ? before : ledger.facts)
    const known = {
      get: (chain, key) => factsOf(chain).get(chain, key),
      under: (chain, prefix) => factsOf(chain).under(chain, prefix),
    }
    const newest = async ({ recipient }) => {
      const epoch = ledger.fact(recipient, p.facts.epoch)
      const head = ledger.head(recipient)
      return epoch && head && { epoch: epoch.epoch, keyHash: epoch.keyHash, sequence: head.sequence, link: head.link }
    }
    await p.admits(entry, leaves, known, { network: bytes(inputs.network), time, newest })
    return { rows: leaves.length }
  },
}
