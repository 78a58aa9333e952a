// What a relay held back: an answer that is accepted because something was left out of it, and what a verifier says once that is shown. Each:
// the chapter after which it plays, and which of the entries that are placed come first and which later.
import { accessLink } from '../../packages/protocol/dist/index.js'
import { hex } from '../operations/notation.mjs'
import { counting } from './vectors.mjs'
import { accessLog, acts, chan, clinic, hospital, issuer, network, record, standing } from './world.mjs'

/** Lee views; then Chan recalls, resting on what `rest` says of the access log. */
const recalled = (rest) => async (world) => {
  await world.add(acts.view(world))
  const log = rest ?? world.restOn(accessLog)
  const restsOn = [...standing(chan).map((chain) => world.restOn(chain)), log]
  await world.add({ ...acts.revoke(world, { mode: 'recall' }), over: { restsOn } })
  const [view, recall] = world.entries.slice(-2)
  return { first: [recall], later: [view] }
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
]
