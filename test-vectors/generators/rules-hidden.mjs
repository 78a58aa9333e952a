// What a relay held back: an answer that is accepted because something was left out of it, and what a verifier says once that is shown. Each:
// the chapter after which it plays, and which of the entries that are placed come first and which later.
import { accessLink } from '../../packages/protocol/dist/index.js'
import { hex } from '../operations/notation.mjs'
import { counting } from './vectors.mjs'
import { accessLog, acts, chan, clinic, hospital, issuer, lee, network, record, standing } from './world.mjs'

/** Lee views; then Chan recalls, resting on what `rest` says of the access log. */
const recalled = (rest) => async (world) => {
  await world.add(acts.view(world))
  const log = rest ?? world.restOn(accessLog)
  const restsOn = [...standing(chan).map((chain) => world.restOn(chain)), log]
  await world.add({ ...acts.revoke(world, { mode: 'recall' }), over: { restsOn } })
  const [view, recall] = world.entries.slice(-2)
  return { first: [recall], later: [view] }
}
/** Lee, Chan and Lee view; the third is shown first. */
async function threeViews(world) {
  for (const by of [lee, chan, lee]) await world.add(acts.view(world, {}, by))
  const [first, , third] = world.entries.slice(-3)
  return { first: [third], later: [first] }
}
const trail = { operation: 'rules/trail', inputs: { record: hex(record) } }

export const hidden = [
  {
    after: 'three-members-join',
    name: 'a-removal-is-held-back',
    comment:
      'A credential rests on the network’s state before a removal that stands before it in the log, and is not shown.',
    async play(world) {
      const old = world.restOn(network)
      await world.add(acts.remove(hospital))
      const restsOn = [world.restOn(clinic.chain), old]
      await world.add({ ...acts.credential(chan, issuer, clinic), over: { restsOn } })
      const [removal, credential] = world.entries.slice(-2)
      return { first: [credential], later: [removal] }
    },
    shown: 'a-removal-is-shown-late',
    code: 'STALE_AUTHORITY',
    why: 'Whichever of the two a verifier learns first: the relay has placed what it must not.',
    operation: 'rules/take',
  },
  {
    after: 'a-section-is-shared',
    name: 'a-recall-without-the-view-before-it',
    comment: 'Opening a record does not replay its access log: the recall is judged without it.',
    play: recalled(),
    shown: 'a-recall-and-then-the-view-before-it',
    code: 'ALREADY_OPENED',
    why: 'The access that the recall itself rests on is a view by its recipient.',
    ...trail,
  },
  {
    after: 'a-section-is-shared',
    name: 'a-recall-that-knows-of-no-access',
    comment: 'It rests on number 0; the view that had come before it is not shown.',
    play: recalled({ chain: accessLog, sequence: 0, link: accessLog }),
    shown: 'a-recall-and-then-an-access-it-did-not-know',
    code: 'STALE_AUTHORITY',
    why: 'Access number 1 stands before the recall, which rests on number 0.',
    ...trail,
  },
  {
    after: 'a-section-is-shared',
    name: 'a-recall-that-rests-on-another-access',
    comment: 'It names a link that nobody has shown.',
    play: recalled({ chain: accessLog, sequence: 1, link: counting(0x60) }),
    shown: 'a-recall-and-then-the-access-at-its-number',
    code: 'CHAIN',
    why: 'The log has another link at number 1.',
    ...trail,
  },
  {
    after: 'lee-views',
    name: 'an-access-without-the-one-before-it-in-the-log',
    comment: 'Number 2; number 3, which stands before it in the log, is not shown.',
    async play(world) {
      const { link } = world.head(accessLog)
      const second = await world.sign(acts.view(world, {}, chan))
      const third = await world.sign(acts.view(world, { sections: [2] }, chan))
      world.place([third], { access: { number: 3, previous: accessLink(link, 2, second.hash) } })
      world.place([second], { access: { number: 2, previous: link } })
      const [earlier, known] = world.entries.slice(-2)
      return { first: [known], later: [earlier] }
    },
    shown: 'an-access-that-stands-before-its-predecessor',
    code: 'CHAIN',
    why: 'Numbers and places in the log have one order.',
    operation: 'rules/take',
  },
  {
    after: 'lee-views',
    name: 'an-access-whose-predecessor-is-held-back',
    comment: 'Number 3 says which link number 2 has, and number 2 is not shown.',
    async play(world) {
      const third = await world.sign(acts.view(world, { sections: [2] }, chan))
      await world.add(acts.view(world, {}, chan))
      world.place([third], { access: { previous: counting(0x60) } })
      const [second, known] = world.entries.slice(-2)
      return { first: [known], later: [second] }
    },
    shown: 'a-predecessor-that-is-another',
    code: 'CHAIN',
    why: 'Number 2 has another link than number 3 said.',
    operation: 'rules/take',
  },
  {
    after: 'a-section-is-shared',
    name: 'a-third-access-alone',
    comment: 'Number 3 is Lee’s, and the first of hers that is known.',
    play: threeViews,
    shown: 'a-first-access-is-shown-after-the-third',
    code: null,
    why: 'Number 1 is hers too, and counts as the one with which she opened the record.',
    operation: 'rules/take',
  },
  {
    after: 'a-section-is-shared',
    name: 'an-access-far-behind-in-the-log',
    comment: 'Number 4 stands first in the log; number 2 and the others are not shown.',
    async play(world) {
      const own = world.fork()
      const signed = []
      for (const by of [chan, lee, chan, lee]) signed.push(await own.add(acts.view(own, {}, by)))
      const [first, second, , fourth] = signed
      const link = accessLink(accessLog, 1, first.hash)
      world.place([fourth], { access: { number: 4, previous: own.entries.at(-1).access.previous } })
      world.place([second], { access: { number: 2, previous: link } })
      const [known, later] = world.entries.slice(-2)
      return { first: [known], later: [later] }
    },
    shown: 'an-access-behind-a-higher-number',
    code: 'CHAIN',
    why: 'Number 3 between them is not known, and their order is wrong all the same.',
    operation: 'rules/take',
  },
  {
    after: 'three-members-join',
    name: 'a-chain-whose-newest-entry-is-held-back',
    comment: 'The network’s address changes twice; the second change stands first in the log, and is not shown.',
    async play(world) {
      const own = world.fork()
      const first = await own.add(acts.relay())
      const second = await own.add(acts.relay('https://third.example'))
      world.place([second])
      world.place([first])
      const [successor, known] = world.entries.slice(-2)
      return { first: [known], later: [successor] }
    },
    shown: 'a-successor-that-stands-before-its-predecessor',
    code: 'CHAIN',
    why: 'Sequences and places in the log have one order.',
    operation: 'rules/take',
  },
  {
    after: 'three-members-join',
    name: 'an-entry-that-was-rested-on-too-early-is-held-back',
    comment:
      'The network’s address changes; a credential that stands before that in the log, and rests on it, is not shown.',
    async play(world) {
      const ahead = world.fork()
      const relay = await ahead.add(acts.relay())
      const restsOn = [world.restOn(clinic.chain), ahead.restOn(network)]
      const credential = await world.sign({ ...acts.credential(chan, issuer, clinic), over: { restsOn } })
      world.place([credential])
      world.place([relay])
      const [early, known] = world.entries.slice(-2)
      return { first: [known], later: [early] }
    },
    shown: 'an-entry-that-rests-on-what-comes-later',
    code: 'STALE_AUTHORITY',
    why: 'The state is known, and stands behind the entry in the log.',
    operation: 'rules/take',
  },
]
