// Every limit of the formats, in one place. Spec: docs/spec/limits.md; each is tested at the limit. Rates and quotas of one
// relay's operation are the relay's configuration and stand there.

const KiB = 1024
const MiB = 1024 * KiB

export const limits = {
  /** Bytes of a whole entry (COSE_Sign1). */
  entry: 64 * KiB,
  /** States of other chains that one entry may rest on. */
  restsOn: 16,
  /** Entries of one append. */
  list: 256,
  /** Bytes of an append request: entries, attachments and small segments that travel with it. */
  append: 16 * MiB,
  /** Bytes of attachments in an append request; larger ones are staged first. */
  inlineAttachments: 4 * MiB,
  /** Bytes of a batch of small segments, in a request or an answer. */
  segmentBatch: 8 * MiB,
  /** Bytes of an encrypted file segment, and of every segment but the last of a file. */
  segment: MiB,
  /** Segments of a file: 64 GiB. */
  segmentsPerFile: 65_536,
  /** Segment names in one index segment. */
  namesPerIndex: 32_768,
  /** Files of a record, over the newest contents of its sections. */
  files: 10_000,
  /** Sections of a record, the card not counted. */
  sections: 256,
  /** Grants of a record that have not ended; an expired one counts until a revocation names it. */
  grants: 10_000,
  /** Of these, grants to one recipient: her row of a wrap list names them all, each with up to 257 sections. */
  grantsEach: 8,
  /** Grants between one and the founder's own that it comes from. */
  sharedOn: 8,
  /** Members of a team; all but one of them can leave by one entry. */
  members: 1000,
  /** Open teams in which a member sits: a relay's limit, so that one list of entries can tell them all that she lost a device. */
  teamsEach: 200,
  /** Members that one entry seats in a team. */
  seats: 256,
  /** Devices of a member at a time. */
  devices: 16,
  /** Entries that add a device or only turn the key of a member, within a day of log time. */
  deviceChanges: 10,
  /** UTF-16 units of a device's name. */
  deviceName: 60,
  /** Bytes of what a new device and an older one leave each other at a relay, each time. */
  meeting: 16 * KiB,
  /** Approvals that settle a proposal: with the signer's own chains these are all states that an entry may rest on. */
  approvals: 12,
  /** Milliseconds after which a proposal can't be settled any more. */
  proposal: 30 * 24 * 60 * 60_000,
  /** Milliseconds in which the member to whom a number is bound can object before it moves without her. */
  objection: 14 * 24 * 60 * 60_000,
  /** Bytes of a section manifest. */
  manifest: 8 * MiB,
  /** Bytes of a sealed card. */
  card: 4 * KiB,
  /** Bytes of a sealed file header. */
  fileHeader: KiB,
  /** Rows of a wrap list: the grants' holders and the founder. */
  wraps: 10_001,
  /** Bytes of one row of a wrap list. */
  wrapRow: 32 * KiB,
  /** Bytes of a sealed purpose, reason or note. */
  private: 4 * KiB,
  /** Bytes of the claims that lie beside a credential. */
  claims: 4 * KiB,
  /** Milliseconds of a credential's validity: 400 days, so that a yearly renewal has slack. */
  credential: 400 * 24 * 60 * 60_000,
  /** Claims in a credential. */
  claimCount: 16,
  /** UTF-16 units of a name shown to people. */
  name: 200,
  /** Milliseconds that an entry's own time may lie from its log time. */
  clockSkew: 5 * 60_000,
  /** Milliseconds of a ticket's life. */
  ticket: 60 * 60_000,
  /** Grants that one revocation names. */
  revoked: 256,
} as const
