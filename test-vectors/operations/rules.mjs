// Operations on chains: answers of a relay that a ledger takes one after the other, trails, lists, and wrap lists against their entries.
import * as p from '../../packages/protocol/dist/index.js'
import { proven as answerShape } from '../../packages/protocol/dist/proven.js'
import { bytes, hex } from './notation.mjs'

const answerOf = (text) => p.unpack(answerShape, bytes(text), 'answer')

/** The answers that come before one, its own last. `named` finds a vector of the area by its name. */
function answersOf({ before = [], proven }, named) {
  return [...before.flatMap((name) => answersOf(named(name).inputs, named)), proven]
}

/** A ledger that has taken all of them, and what the last one brought. */
async function taken(inputs, named) {
  const { network, founding, logKey, pins = [], tree = null } = inputs
  const pin = { chain: bytes(network), founding: bytes(founding), log: p.decodeNoteKey(logKey) }
  const ledger = new p.Ledger(pin, {
    tree: tree && { size: tree.size, root: bytes(tree.root) },
    chains: pins.map(([chain, sequence, link]) => ({ chain: bytes(chain), sequence, link: bytes(link) })),
  })
  let placed = []
  for (const answer of answersOf(inputs, named)) placed = await ledger.take(answerOf(answer))
  return { ledger, placed }
}

function chainNow(ledger, id) {
  const { sequence, link } = ledger.head(bytes(id))
  const facts = ledger.factsUnder(bytes(id), '').map(({ key, value }) => [key, hex(value)])
  return { chain: id, sequence, link: hex(link), facts: Object.fromEntries(facts) }
}

export const rules = {
  async 'rules/take'(inputs, named) {
    const { ledger, placed } = await taken(inputs, named)
    const ids = [...new Set(placed.map(({ entry }) => hex(entry.chain)))].sort((a, b) => (a < b ? -1 : 1))
    const { size, root } = ledger.tree
    return { size, root: hex(root), entries: placed.length, chains: ids.map((id) => chainNow(ledger, id)) }
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
    p.checkWrapList(ranges, entry.body.wraps)
    const leaves = ranges.map(({ row }) => row.leaf)
    await p.admits(entry, leaves, ledger.factsBefore(entry))
    return { rows: leaves.length }
  },
}
