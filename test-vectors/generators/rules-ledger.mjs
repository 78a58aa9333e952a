// Cases of answers that are wrong as a whole: places, links, proofs, seals, pins, forks, stale authority, trails. What is played may return
// what replaces parts of the vector's inputs.
import * as p from '../../packages/protocol/dist/index.js'
import { hex } from '../operations/notation.mjs'
import { cases, counting, flip } from './vectors.mjs'
import {
  accessLog,
  acts,
  chan,
  clinic,
  hospital,
  issuer,
  lee,
  logSigner,
  network,
  place,
  record,
  standing,
} from './world.mjs'

const founded = 'a-network-is-founded'
const peopled = 'three-members-join'
const shared = 'a-section-is-shared'
const viewed = 'lee-views'

/** Plays, and spoils the answer before it is encoded. */
const spoilt = (play, change) => async (world, since) => {
  await play(world)
  return { proven: world.answer(since, { change }) }
}
const relay = place(acts.relay())
const pin = (world, chain, over = {}) => {
  const { sequence, link } = { ...world.head(chain), ...over }
  return [hex(chain), sequence, hex(link)]
}
/** A checkpoint of the log's key over something else than the tree. */
const checkpoint = (size, root) => p.signCheckpoint({ origin: logSigner.key.name, size, root }, logSigner)

export const ledger = [
  // ——— the answer as a whole
  ...cases(
    { after: founded, spec: 'verifying' },
    {
      'answer-without-anything-new': [
        null,
        'The same tree again, and no entry.',
        async (world, since) => ({ proven: world.answer(since) }),
      ],
      'answer-with-what-is-known': [
        null,
        'The entries from the beginning once more.',
        async (world) => {
          await relay(world)
          return { proven: world.answer(world.size - 2, { entries: world.entries }) }
        },
      ],
      'answer-with-a-consistency-proof-that-nobody-needs': [
        null,
        'The same tree again: the proof is not looked at.',
        async (world, since) => ({
          proven: world.answer(since, { change: (answer) => answer.consistency.push(counting(0x60)) }),
        }),
      ],
      'answer-with-a-consistency-proof-of-65-hashes': [
        'DECODE_SHAPE',
        'No list is longer than a decoder allows, needed or not.',
        async (world, since) => ({
          proven: world.answer(since, {
            change: (answer) => Object.assign(answer, { consistency: Array(65).fill(counting(0x60)) }),
          }),
        }),
      ],
      'answer-with-a-smaller-tree': [
        'ROLLBACK',
        'The log was larger before.',
        async (world) => ({ proven: world.answer(0, { size: 2 }) }),
      ],
      'answer-with-another-tree-of-the-same-size': [
        'FORK',
        'Two logs of one size.',
        async (world) => ({
          proven: world.answer(world.size, {
            change: (answer) => Object.assign(answer, { checkpoint: checkpoint(world.size, counting(0x60)) }),
          }),
        }),
      ],
      'answer-without-consistency': [
        'LOG_INCONSISTENT',
        'The proof from the known size is missing.',
        spoilt(relay, (answer) => Object.assign(answer, { consistency: [] })),
      ],
      'answer-with-consistency-that-fails': [
        'LOG_INCONSISTENT',
        'One bit of the proof.',
        spoilt(relay, (answer) => {
          answer.consistency[0] = flip(answer.consistency[0])
        }),
      ],
      'answer-signed-by-nobody': [
        'CHECKPOINT',
        'One bit of the log’s signature.',
        spoilt(relay, (answer) => {
          const text = new TextDecoder().decode(answer.checkpoint)
          const at = text.lastIndexOf(' ') + 10
          answer.checkpoint = p.utf8(`${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`)
        }),
      ],
      'answer-of-another-log': [
        'CHECKPOINT',
        'The checkpoint’s origin is not the log.',
        spoilt(relay, (answer) => {
          const key = p.noteKey('other.example/log', logSigner.key.publicKey)
          answer.checkpoint = p.signCheckpoint(
            { origin: key.name, size: 3, root: counting(0x60) },
            { ...logSigner, key },
          )
        }),
      ],
      'answer-with-a-node-too-many': [
        'LOG_PROOF',
        'Nothing uses it.',
        spoilt(relay, (answer) => answer.nodes.push(counting(0x60))),
      ],
      'answer-with-a-node-too-few': [
        'LOG_PROOF',
        'The last one is missing.',
        spoilt(relay, (answer) => answer.nodes.pop()),
      ],
      'answer-with-a-wrong-node': [
        'LOG_PROOF',
        'One bit of a node.',
        spoilt(relay, (answer) => {
          answer.nodes[0] = flip(answer.nodes[0])
        }),
      ],
      'answer-with-nodes-and-no-entry': [
        'LOG_PROOF',
        'A proof of nothing.',
        async (world, since) => ({
          proven: world.answer(since, { change: (answer) => answer.nodes.push(counting(0x60)) }),
        }),
      ],
      'answer-with-an-entry-at-another-place': [
        'TIME',
        'Its index lies before its seal’s batch.',
        spoilt(relay, (answer) => {
          answer.entries[0] = { ...answer.entries[0], index: answer.entries[0].index - 1 }
        }),
      ],
      'answer-with-entries-out-of-order': [
        'LOG_PROOF',
        'Entries come in order of their places.',
        spoilt(place(acts.relay(), acts.relay('https://third.example')), (answer) => answer.entries.reverse()),
      ],
      'answer-with-an-entry-twice': [
        'LOG_PROOF',
        'The same place twice.',
        spoilt(relay, (answer) => answer.entries.push(answer.entries[0])),
      ],
      'answer-without-a-seal': [
        'LOG_MISSING',
        'No seal covers the entry.',
        spoilt(relay, (answer) => Object.assign(answer, { seals: [] })),
      ],
      'answer-with-another-time': [
        'LOG_PROOF',
        'The seal that is shown is not the one in the tree.',
        spoilt(relay, (answer) => {
          answer.seals = [{ ...answer.seals[0], time: answer.seals[0].time + 1 }]
        }),
      ],
      'answer-with-a-seal-of-another-batch': [
        'LOG_PROOF',
        'The seal begins a place earlier than in the tree.',
        spoilt(relay, (answer) => {
          answer.seals = [{ ...answer.seals[0], first: answer.seals[0].first - 1 }]
        }),
      ],
      'answer-with-time-going-back': [
        'TIME',
        'The later seal is older.',
        async (world) => {
          await relay(world)
          world.now -= 1
          await place(acts.relay('https://third.example'))(world)
        },
      ],
      'answer-with-time-before-what-is-known': [
        'TIME',
        'A batch dated behind a time that was shown before.',
        async (world) => {
          world.now -= 1
          await relay(world)
        },
      ],
      'answer-with-two-seals-of-one-entry': [
        'LOG_INCONSISTENT',
        'The second seal, a leaf of the tree too, says that its batch began with the first one’s entry.',
        async (world) => {
          const first = world.size
          await relay(world)
          await world.add(acts.relay('https://third.example'), { seal: { first } })
        },
      ],
      'answer-with-an-empty-batch': [
        'LOG_INCONSISTENT',
        'A seal of no entry, among others.',
        spoilt(relay, (answer) => {
          const [seal] = answer.seals
          answer.seals = [{ ...seal, first: seal.size - 1 }, seal]
        }),
      ],
      'answer-with-an-empty-batch-at-its-end': [
        'LOG_INCONSISTENT',
        'A seal of no entry, behind the last.',
        spoilt(relay, (answer) => {
          const [{ size, ...seal }] = answer.seals
          answer.seals.push({ ...seal, first: size, size: size + 1 })
        }),
      ],
      'answer-with-an-access-place-for-a-network': [
        'LOG_PROOF',
        'Only an access entry has one.',
        spoilt(relay, (answer) => {
          answer.entries[0] = { ...answer.entries[0], access: { number: 1, previous: counting(0x60) } }
        }),
      ],
      'answer-with-a-changed-entry': [
        'LOG_PROOF',
        'One bit of the signature: another leaf.',
        spoilt(relay, (answer) => {
          answer.entries[0] = { ...answer.entries[0], bytes: flip(answer.entries[0].bytes, -1) }
        }),
      ],
      'answer-with-half-an-entry': [
        'DECODE_TRUNCATED',
        'The last byte is missing.',
        spoilt(relay, (answer) => {
          answer.entries[0] = { ...answer.entries[0], bytes: answer.entries[0].bytes.slice(0, -1) }
        }),
      ],
    },
  ),
  ...cases(
    { after: viewed, spec: 'verifying' },
    {
      'answer-with-an-access-entry-without-a-place': [
        'LOG_PROOF',
        'Nobody could say which number it has.',
        spoilt(
          place((world) => acts.view(world)),
          (answer) => {
            answer.entries[0] = { ...answer.entries[0], access: null }
          },
        ),
      ],
      'answer-with-an-access-entry-numbered-0': [
        'LOG_PROOF',
        'Access entries count from 1.',
        spoilt(
          place((world) => acts.view(world)),
          (answer) => {
            answer.entries[0] = { ...answer.entries[0], access: { ...answer.entries[0].access, number: 0 } }
          },
        ),
      ],
    },
  ),

  // ——— places in a chain
  ...cases(
    { after: founded, spec: 'verifying' },
    {
      'chain-with-an-entry-missing': [
        'LOG_MISSING',
        'Sequence 4 after 2.',
        place({ ...acts.relay(), over: { sequence: 4 } }),
      ],
      'chain-with-a-second-successor': [
        'FORK',
        'The place is taken by another entry.',
        place({ ...acts.relay(), over: { sequence: 1 } }),
      ],
      'chain-linked-to-something-else': [
        'CHAIN',
        'The link is not the one of the entry before.',
        place({ ...acts.relay(), over: { previous: counting(0x60) } }),
      ],
      'entry-with-sequence-0-that-founds-nothing': [
        'FORK',
        'Sequence 0 is taken by the founding.',
        place({ ...acts.relay(), over: { sequence: 0 } }),
      ],
      'chain-with-an-entry-at-two-places': [
        'FORK',
        'The same entry, a batch later once more.',
        async (world) => {
          const entry = await world.sign(acts.relay())
          world.place([entry])
          world.place([entry])
        },
      ],
      'network-founded-otherwise': [
        'FORK',
        'Another founding under the network’s own id.',
        place({ ...acts.found({ name: 'Other' }) }),
      ],
      'chain-in-another-order-than-the-log': [
        'LOG_MISSING',
        'The successor stands first.',
        async (world) => {
          const own = world.fork()
          const first = await own.add(acts.relay())
          const second = await own.add(acts.relay('https://third.example'))
          world.place([second])
          world.place([first])
        },
      ],
    },
  ),
  ...cases(
    { after: peopled, spec: 'verifying' },
    {
      'rests-on-a-state-that-was-not-given': [
        'LOG_MISSING',
        'A sequence that the clinic’s chain does not have yet.',
        place({
          ...acts.credential(chan, issuer, clinic),
          over: { restsOn: [{ chain: clinic.chain, sequence: 9, link: counting(0x60) }] },
        }),
      ],
      'rests-on-a-chain-that-was-not-given': [
        'LOG_MISSING',
        'Nobody has shown that chain.',
        place({
          ...acts.credential(chan, issuer, clinic),
          over: { restsOn: [{ chain: counting(0x6c), sequence: 0, link: counting(0x60) }] },
        }),
      ],
      'rests-on-another-link': [
        'CHAIN',
        'The clinic’s chain has another entry there.',
        (world) =>
          place({
            ...acts.credential(chan, issuer, clinic),
            over: { restsOn: [{ ...world.restOn(clinic.chain), link: counting(0x60) }, world.restOn(network)] },
          })(world),
      ],
      'rests-on-an-old-state': [
        'STALE_AUTHORITY',
        'The network’s chain had gone on.',
        async (world) => {
          const old = world.restOn(network)
          await world.add(acts.relay())
          await world.add({
            ...acts.credential(chan, issuer, clinic),
            over: { restsOn: [world.restOn(clinic.chain), old] },
          })
        },
      ],
      'rests-on-what-comes-later': [
        'LOG_MISSING',
        'The state stands behind the entry in the log.',
        async (world) => {
          const ahead = world.fork()
          const next = await ahead.add(acts.relay())
          const entry = await world.sign({
            ...acts.credential(chan, issuer, clinic),
            over: { restsOn: [world.restOn(clinic.chain), ahead.restOn(network)] },
          })
          world.place([entry])
          world.place([next])
        },
      ],
      'successor-shown-late-of-what-was-rested-on': [
        'STALE_AUTHORITY',
        'A removal is shown after an entry that rested on the state before it, and stands before that entry.',
        staleShownLate,
      ],
    },
  ),

  // ——— access logs
  ...cases(
    { after: viewed, spec: 'verifying' },
    {
      'access-with-a-number-missing-is-taken': [
        null,
        'A reader is given her own entry without those before it.',
        async (world, since) => {
          await world.add(acts.view(world, {}, chan))
          const own = world.size
          await world.add(acts.view(world))
          return { proven: world.answer(since, { entries: world.entries.filter(({ index }) => index >= own) }) }
        },
      ],
      'access-linked-to-something-else': [
        'CHAIN',
        'The link before is another one.',
        async (world) => {
          await world.add(acts.view(world), { access: { previous: counting(0x60) } })
        },
      ],
      'access-whose-signer-named-a-later-number': [
        'SEQ',
        'It names number 2 and has number 2.',
        place((world) => ({
          ...acts.view(world),
          over: { private: counting(0x5c), sequence: 2, previous: counting(0x60) },
        })),
      ],
      'access-whose-signer-named-another-link': [
        'CHAIN',
        'At number 1 the log has another link.',
        place((world) => ({ ...acts.view(world), over: { private: counting(0x5c), previous: counting(0x60) } })),
      ],
      'access-whose-signer-named-no-link': [
        'CHAIN',
        'Every access entry names one.',
        place((world) => ({ ...acts.view(world), over: { private: counting(0x5c), previous: null } })),
      ],
      'access-at-a-number-that-is-taken': [
        'FORK',
        'Number 1 is Lee’s first view.',
        async (world) => {
          await world.add(
            { ...acts.view(world, {}, chan), over: { private: counting(0x5c), sequence: 0, previous: accessLog } },
            { access: { number: 1, previous: accessLog } },
          )
        },
      ],
      'access-entries-in-another-order-than-the-log': [
        'CHAIN',
        'Number 3 stands before number 2 in the log.',
        async (world) => {
          const { link } = world.head(accessLog)
          const [second, third] = [
            await world.sign(acts.view(world, {}, chan)),
            await world.sign(acts.view(world, { sections: [2] }, chan)),
          ]
          const previous = p.accessLink(link, 2, second.hash)
          world.place([third], { access: { number: 3, previous } })
          world.place([second], { access: { number: 2, previous: link } })
        },
      ],
      'access-entry-twice': [
        'FORK',
        'The same entry under two numbers.',
        async (world) => {
          const entry = await world.sign(acts.view(world))
          world.place([entry])
          world.place([entry])
        },
      ],
    },
  ),

  // ——— pins
  ...cases(
    { after: founded, spec: 'pins' },
    {
      'pinned-chain-goes-on': [
        null,
        'What was seen before is there, and more.',
        async (world) => {
          const pins = [pin(world, network)]
          await relay(world)
          return { pins }
        },
      ],
      'pinned-chain-has-another-entry': [
        'FORK',
        'What was seen at this place was something else.',
        async (world) => {
          const pins = [pin(world, network, { sequence: 3, link: counting(0x60) })]
          await relay(world)
          return { pins }
        },
      ],
      'pinned-predecessor-is-another': [
        'FORK',
        'The founding was another one than the pin says.',
        async (world) => {
          const pins = [pin(world, network, { sequence: 0, link: counting(0x60) })]
          await relay(world)
          return { pins }
        },
      ],
      'pinned-tree-of-nothing': [
        null,
        'A tree without leaves says nothing: as if none had been seen.',
        async (world) => {
          await relay(world)
          return { tree: { size: 0, root: hex(p.emptyRoot()) } }
        },
      ],
      'pinned-tree-was-larger': [
        'ROLLBACK',
        'An earlier process has seen a larger tree.',
        async () => ({ tree: { size: 1000, root: hex(counting(0x60)) } }),
      ],
      'pinned-tree-of-another-history': [
        'LOG_INCONSISTENT',
        'The tree of an earlier process is not a beginning of this one.',
        async (world) => {
          await relay(world)
          return { tree: { size: 3, root: hex(counting(0x60)) } }
        },
      ],
    },
  ),

  ...cases(
    { after: shared, spec: 'pins' },
    {
      'pinned-access-link-that-a-successor-contradicts': [
        'FORK',
        'Number 2, shown alone, names another link at number 1 than was seen.',
        async (world, since) => {
          await world.add(acts.view(world))
          const signerKnows = { private: counting(0x5c), sequence: 0, previous: accessLog }
          await world.add({ ...acts.view(world, {}, chan), over: signerKnows })
          return alone(world, since)
        },
      ],
      'pinned-access-link-that-a-signer-contradicts': [
        'FORK',
        'The signer of number 3, shown alone, names another link at number 1 than was seen.',
        async (world, since) => {
          await world.add(acts.view(world))
          const { sequence, link } = world.head(accessLog)
          await world.add(acts.view(world, {}, chan))
          await world.add({ ...acts.view(world), over: { private: counting(0x5c), sequence, previous: link } })
          return alone(world, since)
        },
      ],
    },
  ),

  // ——— an answer that is refused leaves nothing behind
  ...cases(
    { after: peopled, spec: 'verifying', operation: 'rules/again' },
    {
      'another-history-after-an-answer-that-was-refused': [
        null,
        'Its first entry was right, its second was not: none of it is known.',
        async (world, since) => {
          const other = world.fork()
          await other.add(acts.relay())
          await other.add(acts.remove(lee))
          await world.add(acts.relay('https://third.example'))
          return { refused: other.answer(since) }
        },
      ],
      'an-answer-that-is-refused-twice': [
        'RULE',
        'The same one again.',
        async (world, since) => {
          await world.add(acts.relay())
          await world.add(acts.remove(lee))
          return { refused: world.answer(since) }
        },
      ],
    },
  ),
  ...cases(
    { after: viewed, spec: 'verifying', operation: 'rules/again' },
    {
      'another-access-after-an-answer-that-was-refused': [
        null,
        'What the refused answer said of links is forgotten with it.',
        async (world, since) => {
          const other = world.fork()
          await other.add(acts.view(other, {}, chan))
          await other.add(acts.view(other, { sections: [2] }))
          await world.add(acts.view(world))
          await world.add(acts.view(world))
          return { refused: other.answer(since) }
        },
      ],
    },
  ),

  // ——— trails
  ...cases(
    { after: viewed, spec: 'trails', operation: 'rules/trail' },
    {
      'trail-of-three-numbers': [
        null,
        'Lee, Chan and Lee.',
        async (world) => {
          await place(acts.view, (w) => acts.view(w, {}, chan))(world)
          return { record: hex(record) }
        },
      ],
      'trail-with-a-number-missing': [
        'LOG_MISSING',
        'Number 2 was left out.',
        async (world, since) => {
          await world.add(acts.view(world, {}, chan))
          const own = world.size
          await world.add(acts.view(world))
          return {
            record: hex(record),
            proven: world.answer(since, { entries: world.entries.filter(({ index }) => index >= own) }),
          }
        },
      ],
      'trail-of-a-record-that-is-not-there': [
        'LOG_MISSING',
        'Nobody has shown anything of it.',
        async () => ({ record: hex(counting(0x6b)) }),
      ],
      'trail-with-a-number-missing-and-shorter-than-it-was': [
        'ROLLBACK',
        'Number 2 was left out, and an earlier process has seen number 4.',
        async (world, since) => {
          await world.add(acts.view(world, {}, chan))
          const own = world.size
          await world.add(acts.view(world))
          return {
            record: hex(record),
            proven: world.answer(since, { entries: world.entries.filter(({ index }) => index >= own) }),
            pins: [[hex(accessLog), 4, hex(counting(0x60))]],
          }
        },
      ],
      'trail-shorter-than-it-was': [
        'ROLLBACK',
        'An earlier process has seen number 2.',
        async () => ({ record: hex(record), pins: [[hex(accessLog), 2, hex(counting(0x60))]] }),
      ],
      'trail-of-a-record-shorter-than-it-was': [
        'ROLLBACK',
        'An earlier process has seen the record’s sequence 5.',
        async () => ({ record: hex(record), pins: [[hex(record), 5, hex(counting(0x60))]] }),
      ],
    },
  ),
  ...cases(
    { after: shared, spec: 'trails', operation: 'rules/trail' },
    {
      'trail-with-a-recall': [
        null,
        'Nobody had looked.',
        async (world) => {
          await world.add({ ...acts.revoke(world, { mode: 'recall' }), restsOn: [...standing(chan), accessLog] })
          return { record: hex(record) }
        },
      ],
      'trail-with-a-recall-of-what-was-opened': [
        'ALREADY_OPENED',
        'Lee’s view was given after the recall that says nobody looked.',
        recallOfOpened,
      ],
    },
  ),
]

/** The newest entry without those before it, for a verifier who has seen another link at number 1 of the access log. */
const alone = (world, since) => ({
  proven: world.answer(since, { entries: world.entries.slice(-1) }),
  pins: [[hex(accessLog), 1, hex(counting(0x60))]],
})

/** An entry that rests on the network’s state; then what had superseded that state before it. */
async function staleShownLate(world, since) {
  const old = world.restOn(network)
  const removal = await world.sign(acts.remove(hospital))
  world.place([removal])
  await world.add({ ...acts.credential(chan, issuer, clinic), over: { restsOn: [world.restOn(clinic.chain), old] } })
  return { proven: world.answer(since) }
}

/** The log holds a view before the recall; the recall is judged while the view is not known. */
async function recallOfOpened(world) {
  const viewing = await world.sign(acts.view(world))
  world.place([viewing])
  await world.add({ ...acts.revoke(world, { mode: 'recall' }), restsOn: [...standing(chan), accessLog] })
  return { record: hex(record) }
}
