// Cases of one entry that is judged alone, by given facts: what a ledger would have refused before, counts too large to play, and facts
// that no rule makes.
import { actions, chainIdOf, decode, encode } from '../../packages/protocol/dist/index.js'
import { bytes, hex } from '../operations/notation.mjs'
import { cases, counting } from './vectors.mjs'
import {
  acts,
  chan,
  clinic,
  content,
  epochStart,
  issuer,
  lee,
  network,
  record,
  root,
  START,
  stranger,
  wong,
  wraps,
} from './world.mjs'

const founded = 'a-network-is-founded'
const recorded = 'a-record-is-created'

/** Judges what `act` makes at the end of the world's log, by the facts of its chain and of those that it rests on; `change` alters them. */
const judged =
  (act, change = () => {}) =>
  async (world) => {
    const made = await act(world)
    const facts = await world.factsOf([made.chain, ...(made.restsOn ?? [])])
    change(facts, world)
    const entry = await world.sign(made)
    return { network: hex(network), entry: hex(entry.bytes), index: world.size, time: START, facts }
  }

/** The founding of a network: no chain comes before it. */
const founding = (over) => async (world) => {
  const entry = await world.sign({ ...acts.found(), ...over })
  return { network: hex(network), entry: hex(entry.bytes), index: 0, time: START, facts: {} }
}

/** A network with its own right id. */
const another = chainIdOf(null, stranger.device.id, counting(0x99))

/** Changes fields of a fact by their places: `{ 1: 9999 }`. */
const altered = (key, fields) => (facts, world) => {
  const own = facts[hex(record)]
  const name = typeof key === 'function' ? key(world) : key
  own[name] = hex(encode(decode(bytes(own[name])).map((field, i) => fields[i] ?? field)))
}
const GRANTS = 1
const SECTIONS = 4

/** Wong may write section 1, and adds section 3. */
async function adding(world) {
  const granted = await world.add(acts.grant(world, wong, { actions: actions.view + actions.write }))
  world.named.set('writing', granted)
  const body = { grant: granted.hash, epochs: [epochStart(3, 0)], contents: [content(3, 0)], wraps: wraps(world) }
  return acts.publish(world, body, wong)
}
const writing = (world) => `grant/${hex(world.named.get('writing').hash)}`

const shared = { spec: 'applying-an-entry', operation: 'rules/apply' }
export const alone = [
  ...cases(
    { ...shared, after: founded },
    {
      'alone-a-network-is-founded': [null, 'The facts that it begins with.', founding({})],
      'alone-another-network': [
        'BINDING',
        'Its id is right, and it is not the network that is verified.',
        founding({
          chain: another,
          by: { ...stranger, chain: another },
          body: { ...acts.found().body, keys: stranger.device.keys, nonce: counting(0x99) },
        }),
      ],
      'alone-a-network-with-another-nonce': [
        'BINDING',
        'The id is the hash of null, the device’s id and the nonce.',
        founding({ body: { ...acts.found().body, nonce: counting(0x99) } }),
      ],
      'alone-a-founding-with-sequence-1': ['SEQ', 'A chain begins with 0.', founding({ over: { sequence: 1 } })],
      'alone-a-founding-with-a-predecessor': [
        'CHAIN',
        'Nothing comes before a founding.',
        founding({ over: { previous: counting(0x60) } }),
      ],
      'alone-an-entry-with-sequence-0': [
        'SEQ',
        'Nothing else begins a chain.',
        judged(() => ({ ...acts.relay(), over: { sequence: 0 } })),
      ],
      'alone-an-entry-without-a-predecessor': [
        'CHAIN',
        'Every entry but a founding names one.',
        judged(() => ({ ...acts.relay(), over: { previous: null } })),
      ],
      'alone-a-device-that-no-chain-lists': [
        'BINDING',
        'The signer’s chain is there, the device is not on it.',
        judged(() => ({ ...acts.relay(), by: { ...root, device: stranger.device } })),
      ],
      'alone-a-chain-without-facts': [
        'BINDING',
        'The chain was never founded, so that it has no kind.',
        judged(() => ({ ...acts.credential(chan, issuer, clinic), chain: counting(0x6a) })),
      ],
    },
  ),
  ...cases(
    { ...shared, after: recorded, spec: 'record' },
    {
      'alone-grant-number-10000': [
        null,
        'The last one there is room for.',
        judged((world) => acts.grant(world, lee), altered('counters', { [GRANTS]: 9_999 })),
      ],
      'alone-grant-number-10001': [
        'LIMIT',
        'Ten thousand that have not ended.',
        judged((world) => acts.grant(world, lee), altered('counters', { [GRANTS]: 10_000 })),
      ],
      'alone-a-writer-adds-a-section-that-her-grant-names': [
        'RULE',
        'Founders alone add sections. No rule makes such a grant; the check does not rely on it.',
        judged(adding, altered(writing, { [SECTIONS]: [1, 3] })),
      ],
    },
  ),
]
