// Names of a member's devices, and a new device's meeting with an older one. Spec: docs/spec/devices.md, docs/spec/keys.md.
import { hkdfSync } from 'node:crypto'
import * as c from '../../packages/crypto/dist/index.js'
import * as p from '../../packages/protocol/dist/index.js'
import { hex } from '../operations/notation.mjs'
import { counting, flip, scripted, vectorsOf } from './vectors.mjs'

await c.ready()

const network = counting(0x00)
const member = counting(0x20)
const phone = c.deviceFromSeed(counting(0x14))
const tablet = c.deviceFromSeed(counting(0x15))
const offer = { keys: phone.keys, salt: counting(0x90, 16) }
const meeting = { network, code: c.offerCode(offer, network) }
const pin = { chain: member, sequence: 4, link: counting(0x60) }
const invitation = { member, pins: { tree: { size: 9, root: counting(0x50) }, chains: [pin] } }
const proof = phone.sign(p.enrolmentMessage(network, member, phone.keys))
const floe = () => scripted(counting(0xe0), counting(0x10, 12))
/** What HPKE draws, and then FLOE. */
const both = () => scripted(counting(0x01, 64), counting(0xe0), counting(0x10, 12))
const sealedWith = 'devices.md#the-meeting'

/** As the package derives it, with Node’s own. */
const hkdf = (secret, info) => new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(), info, 32))

/** Any plaintext, as a message of this kind is sealed under the code. */
const under = (message, plaintext, as = message, { code } = meeting) =>
  c.sealBytes(hkdf(code, p.bind('offerKey', [network, message])), p.bind('offer', [network, as]), plaintext, floe())

export default async function devices() {
  const area = vectorsOf('devices')
  await names(area)
  await codes(area)
  await offers(area)
  await invitations(area)
  await consents(area)
  return area.files
}

// ——— names

async function names({ accepts, refuses }) {
  const secret = counting(0x80)
  const epoch = 3
  const spec = 'keys.md#names-of-devices'
  const named = (sealed, over = {}) => ({
    operation: 'devices/names',
    spec,
    inputs: { secret: hex(secret), network: hex(network), member: hex(member), epoch, sealed: hex(sealed), ...over },
  })
  const sound = await c.sealDeviceNames(
    [
      { device: phone.id, name: '手機' },
      { device: tablet.id, name: 'Ward 7' },
    ],
    secret,
    { network, member, epoch },
    floe(),
  )
  await accepts('names', { ...named(sound), comment: 'Two devices.' })
  const elsewhere = {
    network: { network: hex(counting(0x01)) },
    member: { member: hex(counting(0x21)) },
    epoch: { epoch: 4 },
    secret: { secret: hex(counting(0x81)) },
  }
  for (const [what, over] of Object.entries(elsewhere))
    await refuses(`names-of-another-${what}`, 'UNAUTHENTIC', {
      ...named(sound, over),
      comment: 'In their place alone.',
    })
  const context = [network, member, epoch]
  const key = hkdf(secret, p.bind('nameKey', context))
  const seal = (purpose, plain) => {
    const padded = new Uint8Array(Math.ceil((4 + plain.length) / 64) * 64)
    new DataView(padded.buffer).setUint32(0, plain.length)
    padded.set(plain, 4)
    return c.sealBytes(key, p.bind(purpose, context), padded, floe())
  }
  const of = (...rows) => p.encode(rows)
  const wrong = {
    'names-with-an-empty-one': [of([phone.id, '']), 'A name has a character.'],
    'names-with-one-of-61': [of([phone.id, 'x'.repeat(61)]), 'Sixty at most.'],
    'names-with-a-line-break': [of([phone.id, 'a\nb']), 'One line.'],
    'names-of-17': [of(...Array(17).fill([phone.id, 'a'])), 'Sixteen at most.'],
    'names-of-a-shorter-id': [of([phone.id.subarray(1), 'a']), 'An id has 32 bytes.'],
  }
  for (const [name, [plain, comment]] of Object.entries(wrong))
    await refuses(name, 'UNAUTHENTIC', { ...named(await seal('deviceNames', plain)), comment })
  await refuses('names-sealed-as-a-card', 'UNAUTHENTIC', {
    ...named(await seal('card', of([phone.id, 'a']))),
    comment: 'Another purpose.',
  })
  await refuses('names-not-padded', 'UNAUTHENTIC', {
    ...named(await c.sealBytes(key, p.bind('deviceNames', context), of([phone.id, 'a']), floe())),
    comment: 'Their exact length shows.',
  })
}

// ——— codes

async function codes({ accepts, refuses }) {
  const coded = (over = {}) => ({
    operation: 'devices/code',
    spec: 'devices.md#the-code',
    inputs: {
      network: hex(network),
      sign: hex(phone.keys.sign),
      box: hex(phone.keys.box),
      salt: hex(offer.salt),
      ...over,
    },
  })
  await accepts('code', { ...coded(), comment: 'Of a phone: the code, and where it leads.' })
  await accepts('code-in-another-network', { ...coded({ network: hex(counting(0x01)) }), comment: 'Another code.' })
  await accepts('code-with-another-salt', { ...coded({ salt: hex(counting(0x91, 16)) }), comment: 'Another code.' })
  await refuses('code-with-a-shorter-salt', 'USAGE', {
    ...coded({ salt: hex(counting(0x90, 15)) }),
    comment: 'A salt has 16 bytes.',
  })
}

// ——— messages

const at =
  (operation) =>
  (sealed, over = {}) => ({
    operation,
    spec: sealedWith,
    inputs: { network: hex(network), code: hex(meeting.code), sealed: hex(sealed), ...over },
  })
const elsewhere = {
  network: { network: hex(counting(0x01)) },
  code: { code: hex(flip(meeting.code)) },
}

async function elsewhereToo(name, message, { refuses }) {
  for (const [what, over] of Object.entries(elsewhere))
    await refuses(`${name}-of-another-${what}`, 'UNAUTHENTIC', { ...message(over), comment: 'At its meeting alone.' })
}

async function offers(area) {
  const { accepts, refuses } = area
  const message = at('devices/offer')
  const sound = await c.sealOffer(offer, network, floe())
  await accepts('offer', { ...message(sound), comment: 'The keys that the code was shown for.' })
  await elsewhereToo('offer', (over) => message(sound, over), area)
  const plain = (keys, salt) => p.encode([[keys.sign, keys.box], salt])
  const wrong = {
    'offer-of-another-device': [plain(tablet.keys, offer.salt), 'Under the code, by somebody who has read it.'],
    'offer-with-another-salt': [plain(phone.keys, counting(0x91, 16)), 'The code is over the salt, too.'],
    'offer-with-another-signature-key': [
      plain({ ...phone.keys, sign: tablet.keys.sign }, offer.salt),
      'Over both keys.',
    ],
    'offer-with-another-box-key': [plain({ ...phone.keys, box: tablet.keys.box }, offer.salt), 'Over both keys.'],
    'offer-that-is-no-structure': [p.encode('offer'), 'A text.'],
  }
  for (const [name, [content, comment]] of Object.entries(wrong))
    await refuses(name, 'UNAUTHENTIC', { ...message(await under('offer', content)), comment })
  await refuses('offer-sealed-as-a-consent', 'UNAUTHENTIC', {
    ...message(await under('consent', plain(phone.keys, offer.salt))),
    comment: 'Each message has a key of its own.',
  })
  await refuses('offer-with-the-context-of-a-consent', 'UNAUTHENTIC', {
    ...message(await under('offer', plain(phone.keys, offer.salt), 'consent')),
    comment: 'And a context of its own.',
  })
}

async function invitations(area) {
  const { accepts, refuses } = area
  const message = (sealed, over = {}) => at('devices/invitation')(sealed, { seed: hex(phone.boxSeed), ...over })
  const sound = await c.sealInvitation(invitation, phone.keys.box, meeting, both())
  await accepts('invitation', { ...message(sound), comment: 'A chain to join, and what was seen of it.' })
  const bare = await c.sealInvitation({ member, pins: { tree: null, chains: [] } }, phone.keys.box, meeting, both())
  await accepts('invitation-without-pins', { ...message(bare), comment: 'Nothing was seen.' })
  await elsewhereToo('invitation', (over) => message(sound, over), area)
  await refuses('invitation-to-another-device', 'UNAUTHENTIC', {
    ...message(sound, { seed: hex(tablet.boxSeed) }),
    comment: 'Who has read the code does not read it.',
  })
  const plain = (pins) => p.encode([member, [null, Array(pins).fill([member, 4, counting(0x60)])]])
  const hpke = (content, purpose = 'invitation', context = [network]) =>
    c.sealTo(
      phone.keys.box,
      { info: p.bind(purpose, context), aad: new Uint8Array() },
      content,
      scripted(counting(0x01, 64)),
    )
  const wrong = {
    'invitation-without-hpke': [plain(0), 'Under the code alone.'],
    'invitation-for-another-network': [hpke(plain(0), 'invitation', [counting(0x01)]), 'In HPKE’s context.'],
    'invitation-sealed-as-a-device-wrap': [hpke(plain(0), 'deviceWrap'), 'Another purpose.'],
    'invitation-with-129-pins': [hpke(plain(129)), '128 at most.'],
  }
  for (const [name, [content, comment]] of Object.entries(wrong))
    await refuses(name, 'UNAUTHENTIC', { ...message(await under('invitation', content)), comment })
}

async function consents(area) {
  const { accepts, refuses } = area
  const message = at('devices/consent')
  const sound = await c.sealConsent(proof, meeting, floe())
  await accepts('consent', { ...message(sound), comment: 'The phone’s signature over its enrolment.' })
  await elsewhereToo('consent', (over) => message(sound, over), area)
  await refuses('consent-of-63-bytes', 'UNAUTHENTIC', {
    ...message(await under('consent', proof.subarray(1))),
    comment: 'A signature has 64.',
  })
  await refuses('consent-sealed-as-an-offer', 'UNAUTHENTIC', {
    ...message(await under('offer', proof)),
    comment: 'Each message has a key of its own.',
  })
}
