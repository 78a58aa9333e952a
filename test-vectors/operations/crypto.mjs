// Operations on what @sealchart/crypto seals: headers, cards, FLOE, HPKE, vaults.
import * as c from '../../packages/crypto/dist/index.js'
import { checkSectionKey } from '../../packages/crypto/dist/keys.js'
import * as p from '../../packages/protocol/dist/index.js'
import { bytes, hex, hexOrNull, toJson } from './notation.mjs'

await c.ready()

/** A card as the value that its structure encodes to (sections.md, "Card"). */
const cardValue = ({ title, patient, author, date, category, sections }) => [
  title,
  patient && [patient.name, patient.born, patient.ids.map(({ system, value }) => [system, value])],
  author,
  date,
  category,
  sections.map(({ id, name }) => [id, name]),
]

/** A row's leaf with its objects; `object` stands for the one that is opened, where it comes without its row. */
const leafPlace = ({ network, chain, row, object }) => {
  const { leaf, envelope, keys } = p.decodeWrapRow(bytes(row))
  const own = object === undefined ? { envelope, keys } : { envelope: bytes(object), keys: bytes(object) }
  return { network: bytes(network), chain: bytes(chain), leaf, ...own }
}

export const crypto = {
  async 'wraps/keys'(inputs) {
    const { keys, trail } = await c.openKeys({ ...leafPlace(inputs), grantSecret: bytes(inputs.grantSecret) })
    return { keys: keys.map(({ section, epoch, key }) => [section, epoch, hex(key)]), trail: hexOrNull(trail) }
  },
  async 'wraps/envelope'(inputs) {
    const { card, grantSecret } = await c.openEnvelope({ ...leafPlace(inputs), seed: bytes(inputs.seed) })
    return { card: hexOrNull(card), grantSecret: hex(grantSecret) }
  },
  async 'wraps/device'(inputs) {
    return { secret: hex(await c.openDeviceWrap({ ...leafPlace(inputs), seed: bytes(inputs.seed) })) }
  },

  async 'headers/file'({ key, network, record, section, epoch, fileId, sealed }) {
    const place = { network: bytes(network), record: bytes(record), section, epoch, fileId: bytes(fileId) }
    const { fileKey, ...header } = await c.openFileHeader(bytes(sealed), bytes(key), place)
    return { fileKey: hex(fileKey), ...header }
  },
  async 'headers/card'({ key, network, record, epoch, sealed }) {
    const place = { network: bytes(network), record: bytes(record), epoch }
    return { card: toJson(cardValue(await c.openCard(bytes(sealed), bytes(key), place))) }
  },
  'headers/commitment'({ key, network, record, section, epoch, commitment }) {
    const place = { network: bytes(network), record: bytes(record), section, epoch }
    checkSectionKey(bytes(key), bytes(commitment), place)
    return {}
  },
  async 'headers/back-link'({ key, network, chain, what, epoch, to, sealed }) {
    const place = { network: bytes(network), chain: bytes(chain), what, epoch }
    return { key: hex(await c.openBackLink({ to, sealed: bytes(sealed) }, bytes(key), place)) }
  },
  async 'headers/team-title'({ secret, network, team, sealed }) {
    const { title, reason } = await c.openTeamTitle(bytes(sealed), bytes(secret), {
      network: bytes(network),
      team: bytes(team),
    })
    return { title, reason }
  },

  async 'devices/names'({ secret, network, member, epoch, sealed }) {
    const place = { network: bytes(network), member: bytes(member), epoch }
    const names = await c.openDeviceNames(bytes(sealed), bytes(secret), place)
    return { names: names.map(({ device, name }) => [hex(device), name]) }
  },
  'devices/code'({ network, sign, box, salt }) {
    const keys = { sign: bytes(sign), box: bytes(box) }
    const code = c.offerCode({ keys, salt: bytes(salt) }, bytes(network))
    return { code: hex(code), place: hex(c.meetingPlace({ network: bytes(network), code })) }
  },
  async 'devices/offer'({ network, code, sealed }) {
    const { sign, box } = await c.openOffer(bytes(sealed), { network: bytes(network), code: bytes(code) })
    return { sign: hex(sign), box: hex(box) }
  },
  async 'devices/invitation'({ network, code, seed, sealed }) {
    const meeting = { network: bytes(network), code: bytes(code) }
    const { member, pins } = await c.openInvitation(bytes(sealed), bytes(seed), meeting)
    return {
      member: hex(member),
      tree: pins.tree && [pins.tree.size, hex(pins.tree.root)],
      chains: pins.chains.map(({ chain, sequence, link }) => [hex(chain), sequence, hex(link)]),
    }
  },
  async 'devices/consent'({ network, code, sealed }) {
    return { proof: hex(await c.openConsent(bytes(sealed), { network: bytes(network), code: bytes(code) })) }
  },

  'floe/object': ({ key, associatedData, sealed }) =>
    c.openBytes(bytes(key), bytes(associatedData), bytes(sealed)).then((plaintext) => ({ plaintext: hex(plaintext) })),
  async 'floe/segments'({ key, associatedData, segmentLength, rotationBits, header, segments }) {
    const parameters = { segmentLength, rotationBits }
    const opening = c.startOpening(bytes(key), bytes(associatedData), bytes(header), parameters)
    const plaintexts = []
    for (const { position, final, bytes: segment, name } of segments) {
      if (name !== undefined && hex(await c.nameSegment(bytes(segment))) !== name)
        throw new c.CryptoError('SEGMENT', 'the segment does not have its name')
      plaintexts.push(hex(await opening.openSegment(bytes(segment), position, final)))
    }
    return { plaintexts }
  },
  'floe/padding'({ length, padded, rest }) {
    c.checkPaddedLength(length, padded)
    c.checkPadding(bytes(rest))
    return {}
  },
  'floe/padme': ({ length }) => ({ padded: c.paddedLength(length) }),

  'hpke/open': ({ seed, info, associatedData, sealed }) => ({
    plaintext: hex(c.openWith(bytes(seed), { info: bytes(info), aad: bytes(associatedData) }, bytes(sealed))),
  }),
  'hpke/key': ({ seed }) => ({ publicKey: hex(c.publicKeyOf(bytes(seed))) }),
  'hpke/note': ({ seed, network, record, epoch, author, sealed }) =>
    c.openNote(bytes(sealed), bytes(seed), {
      network: bytes(network),
      record: bytes(record),
      epoch,
      author: bytes(author),
    }),

  async 'vault/open'({ header, hostKey, passphrase }) {
    const unlock = passphrase === undefined ? { hostKey: bytes(hostKey) } : { passphrase }
    return { master: hex(await c.openVaultKey(unlock, bytes(header))) }
  },
  async 'vault/blob'({ master, name, blob, atLeast }) {
    const { counter, bytes: content } = await c.openBlob(bytes(master), name, bytes(blob), atLeast)
    return { counter, content: hex(content) }
  },
  'vault/identity'({ identity }) {
    const { network, founding, logKey, chain, keys, epochs } = c.decodeIdentity(bytes(identity))
    return {
      network: hex(network),
      founding: hex(founding),
      logKey,
      chain: hex(chain),
      device: hex(p.deviceId(keys)),
      epochs: epochs.map(({ epoch }) => epoch),
    }
  },
}
