// The bodies of all entry types: one shape each, by chain kind. Spec: docs/spec/entries.md, "Bodies".
// Shapes decide form only; what an entry may do stands in rules/.
import type { ChainId, DeviceId, Digest, EntryHash, LinkHash, TreeHash } from './bytes.js'
import { boxKey, devicePublicKeys } from './device-keys.js'
import { limits } from './limits.js'
import { blob, bytes, type Infer, list, nullable, oneOf, type Shape, struct, text, uint } from './shape.js'

/** Chain kinds as they stand in an entry. */
export const kinds = { network: 1, institution: 2, member: 3, registration: 4, team: 5, record: 6, access: 7 } as const
export type KindName = keyof typeof kinds

export const chainId: Shape<ChainId> = bytes<ChainId>(32)
export const deviceIdShape: Shape<DeviceId> = bytes<DeviceId>(32)
export const entryHashShape: Shape<EntryHash> = bytes<EntryHash>(32)
export const linkHashShape: Shape<LinkHash> = bytes<LinkHash>(32)
export const treeHash: Shape<TreeHash> = bytes<TreeHash>(32)
export const digestShape: Shape<Digest> = bytes<Digest>(32)
const nonce = bytes(32)

/** An object staged beside the entry: SHA-256 of its bytes, their number, and how many rows or files it holds. */
export const attached = struct({ digest: digestShape, length: uint(0xffffffff), count: uint(65_536) })
export type Attached = Infer<typeof attached>

/** A wrap list (docs/spec/wraps.md): the attachment, the RFC 6962 root of its leaves, and the log size at which the recipients' heads were heads. */
export const wrapsRef = struct({ attached, root: treeHash, asOf: uint() })
export type WrapsRef = Infer<typeof wrapsRef>

/** The way back from an epoch to an earlier one: the secret of epoch `to`, sealed under the new one. */
export const backLink = struct({ to: uint(0xffffffff), sealed: blob(256) })
export type BackLink = Infer<typeof backLink>

/** Start of a section epoch. `back` is null in epoch 0; `until` is the earliest end among the grants whose holders get the key (ms,
 *  null: none ends). Section 0 is the card. */
export const epochStart = struct({
  section: uint(limits.sections),
  epoch: uint(0xffffffff),
  commitment: bytes(32),
  back: nullable(backLink),
  until: nullable(uint()),
})
export type EpochStart = Infer<typeof epochStart>

/** Start of a trail epoch: an X-Wing public key. */
export const trailStart = struct({ epoch: uint(0xffffffff), key: boxKey, back: nullable(backLink) })
export type TrailStart = Infer<typeof trailStart>

/** New contents of a section: its manifest, or the sealed card for section 0, under this epoch. */
export const content = struct({ section: uint(limits.sections), epoch: uint(0xffffffff), object: attached })
export type Content = Infer<typeof content>

/** Bits of `actions`. */
export const actions = { view: 1, download: 2, note: 4, write: 8, shareOn: 16, trail: 32 } as const
export type ActionName = keyof typeof actions
export const allActions: number = Object.values(actions).reduce((all, bit) => all | bit, 0)

/** A place in a team, in the capacity of an institution. */
export const seat = struct({ member: chainId, institution: chainId, role: oneOf('admin', 'member') })
export type Seat = Infer<typeof seat>

/** Start of the next epoch of a group: an X-Wing public key. Epoch 0 starts with the group. */
export const nextEpoch = struct({ epoch: uint(0xffffffff), key: boxKey, back: backLink })
export type NextEpoch = Infer<typeof nextEpoch>

export const purposes = ['department', 'on-call', 'consultation'] as const

/** An institution that is taken in: its chain, and the link hash of its founding. */
export const admission = struct({ institution: chainId, founding: linkHashShape })
export type Admission = Infer<typeof admission>

/** The end of a proposal: the chains whose approvals count. */
const settlement = struct({ proposal: entryHashShape, approvals: list(chainId, limits.approvals) })

const members = list(chainId, limits.members)

/** A device that joins a member's chain; `proof` is its own signature (docs/spec/entries.md, "Appointment"). */
const newDevice = struct({ keys: devicePublicKeys, proof: bytes(64) })

const epochStarts = list(epochStart, limits.sections + 1)
const contents = list(content, limits.sections + 1)

export const bodies = {
  network: {
    found: struct({
      keys: devicePublicKeys,
      nonce,
      name: text(limits.name, 1),
      origin: text(200, 1),
      logKey: bytes(32),
      relay: text(500, 1),
    }),
    admit: admission,
    remove: struct({ institution: chainId }),
    relay: struct({ relay: text(500, 1) }),
    propose: struct({
      admit: nullable(admission),
      remove: nullable(chainId),
      quorum: nullable(uint(limits.approvals)),
    }),
    approve: struct({ proposal: entryHashShape }),
    settle: settlement,
  },
  institution: {
    found: struct({ keys: devicePublicKeys, nonce, name: text(limits.name, 1) }),
    appoint: newDevice,
    dismiss: struct({ device: deviceIdShape, from: uint() }),
  },
  member: {
    found: struct({ keys: devicePublicKeys, nonce, epochKey: boxKey, wraps: wrapsRef }),
    credential: struct({
      institution: chainId,
      claims: list(struct({ name: text(40, 1), hash: bytes(32) }), limits.claimCount),
      registration: nullable(digestShape),
      notBefore: uint(),
      until: uint(),
    }),
    accept: struct({ credential: entryHashShape }),
    withdraw: struct({ credential: entryHashShape }),
    devices: struct({
      adds: list(newDevice, limits.devices),
      removes: list(deviceIdShape, limits.devices),
      epoch: nullable(nextEpoch),
      wraps: wrapsRef,
    }),
    refresh: struct({ epoch: nextEpoch, wraps: wrapsRef }),
    names: struct({}),
  },
  registration: {
    bind: struct({ credential: entryHashShape }),
    rebind: struct({ member: chainId, credential: entryHashShape }),
    propose: struct({ credential: entryHashShape }),
    approve: struct({ proposal: entryHashShape }),
    object: struct({ proposal: entryHashShape, credential: entryHashShape }),
    settle: settlement,
  },
  team: {
    found: struct({
      founder: chainId,
      nonce,
      credential: entryHashShape,
      purpose: oneOf(...purposes),
      name: nullable(text(limits.name, 1)),
      until: nullable(uint()),
      seats: list(seat, limits.seats, 1),
      epochKey: boxKey,
      wraps: wrapsRef,
    }),
    change: struct({
      credential: entryHashShape,
      adds: list(seat, limits.seats),
      removes: members,
      epoch: nullable(nextEpoch),
      wraps: wrapsRef,
    }),
    refresh: struct({ credential: entryHashShape, leaves: members, epoch: nextEpoch, wraps: wrapsRef }),
    stale: struct({ member: chainId, credential: nullable(entryHashShape) }),
    appoint: struct({ credential: entryHashShape, member: chainId }),
    dismiss: struct({ credential: entryHashShape, member: chainId }),
    close: struct({ credential: entryHashShape }),
  },
  record: {
    create: struct({
      founder: chainId,
      nonce,
      credential: entryHashShape,
      trail: trailStart,
      epochs: epochStarts,
      contents,
      wraps: wrapsRef,
    }),
    publish: struct({
      credential: entryHashShape,
      grant: nullable(entryHashShape),
      version: uint(),
      trail: nullable(trailStart),
      epochs: epochStarts,
      contents,
      wraps: nullable(wrapsRef),
    }),
    grant: struct({
      credential: entryHashShape,
      from: nullable(entryHashShape),
      recipient: chainId,
      capacity: nullable(entryHashShape),
      sections: list(uint(limits.sections), limits.sections, 1),
      actions: uint(allActions),
      notBefore: uint(),
      until: nullable(uint()),
      wraps: wrapsRef,
    }),
    revoke: struct({
      credential: entryHashShape,
      mode: oneOf('revoke', 'recall'),
      grants: list(entryHashShape, limits.revoked, 1),
      trail: trailStart,
      epochs: epochStarts,
      contents,
      wraps: wrapsRef,
    }),
  },
  access: {
    view: struct({
      record: chainId,
      grant: nullable(entryHashShape),
      credential: entryHashShape,
      version: uint(),
      sections: list(uint(limits.sections), limits.sections, 1),
      trailEpoch: uint(0xffffffff),
    }),
    download: struct({
      record: chainId,
      grant: nullable(entryHashShape),
      credential: entryHashShape,
      version: uint(),
      sections: list(uint(limits.sections), limits.sections, 1),
      trailEpoch: uint(0xffffffff),
    }),
    note: struct({
      record: chainId,
      grant: nullable(entryHashShape),
      credential: entryHashShape,
      trailEpoch: uint(0xffffffff),
    }),
  },
} as const

export type Bodies = { [K in KindName]: { [T in keyof (typeof bodies)[K]]: Infer<(typeof bodies)[K][T]> } }
/** The types of entry that a kind of chain has. */
export type TypeName<K extends KindName> = keyof Bodies[K] & string
