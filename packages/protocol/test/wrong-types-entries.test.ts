// Every function of entries, wraps, manifests, claims and ledger that takes bytes, called by a program without types: always USAGE.
import { beforeAll, describe, expect, it } from 'vitest'
import type { ChainId } from '../src/bytes.js'
import { decodeClaims, encodeClaims } from '../src/claims.js'
import { ready } from '../src/ed25519.js'
import * as entries from '../src/entry.js'
import type { Ledger } from '../src/ledger.js'
import * as manifests from '../src/manifest.js'
import { enrolmentMessage } from '../src/rules/authority.js'
import { facts, grantHashOf } from '../src/rules/facts.js'
import { checkTrail } from '../src/trail.js'
import * as wraps from '../src/wraps.js'
import { idOf, World } from './actors.js'
import { codeOfAsync, notBytes } from './support.js'
import { rowTo } from './wrap-rows.js'

const id = idOf<ChainId>('id')
const row = rowTo(id)
const claim = { name: 'name', salt: new Uint8Array(16), value: 'value' }
const file = { id: new Uint8Array(16), header: new Uint8Array(1), floe: new Uint8Array(74), padded: 0, segments: 2 }
const manifestFile = { ...file, root: idOf<never>('root'), names: [idOf<never>('name')] }
let world: World
let ledger: Ledger
let entry: entries.AnyEntry

beforeAll(async () => {
  await ready()
  world = await World.founded()
  ledger = world.ledger()
  entry = world.log.entries[0]?.entry as entries.AnyEntry
})

const table: Readonly<Record<string, (wrong: never) => unknown>> = {
  decodeEntry: (wrong) => entries.decodeEntry(wrong),
  'verifyEntry, key': (wrong) => entries.verifyEntry(entry, wrong, null),
  'chainIdOf, founder': (wrong) => entries.chainIdOf(null, wrong, id),
  'chainIdOf, nonce': (wrong) => entries.chainIdOf(null, id, wrong),
  accessLogOf: (wrong) => entries.accessLogOf(wrong),
  shortId: (wrong) => entries.shortId(wrong),
  'claimHash, member': (wrong) => entries.claimHash(wrong, claim),
  'claimHash, salt': (wrong) => entries.claimHash(id, { ...claim, salt: wrong }),
  'encodeClaims, salt': (wrong) => encodeClaims([{ ...claim, salt: wrong }]),
  decodeClaims: (wrong) =>
    decodeClaims(wrong, id, { institution: id, claims: [], registration: null, notBefore: 0, until: 1 }),
  'decodeClaims, member': (wrong) =>
    decodeClaims(encodeClaims([claim]), wrong, {
      institution: id,
      claims: [{ name: 'name', hash: id }],
      registration: null,
      notBefore: 0,
      until: 1,
    }),
  decodeWrapRow: (wrong) => wraps.decodeWrapRow(wrong),
  decodeWrapList: (wrong) => wraps.decodeWrapList(wrong),
  readWrapRows: (wrong) => [...wraps.readWrapRows(wrong)],
  encodeWrapRow: (wrong) => wraps.encodeWrapRow(wrong),
  'encodeWrapRow, envelope': (wrong) => wraps.encodeWrapRow({ ...row, envelope: wrong }),
  'encodeWrapRow, leaf': (wrong) => wraps.encodeWrapRow({ ...row, leaf: wrong }),
  'encodeWrapList, row': (wrong) => wraps.encodeWrapList([wrong]),
  'describeWrapList, list': (wrong) => wraps.describeWrapList(wrong, [row], 0),
  'wrapLeafHash, recipient': (wrong) => wraps.wrapLeafHash({ ...row.leaf, recipient: wrong }),
  'encodeTarget, recipient': (wrong) => wraps.encodeTarget({ ...row.leaf, recipient: wrong }),
  decodeManifest: (wrong) => manifests.decodeManifest(wrong),
  encodeManifest: (wrong) => manifests.encodeManifest(wrong),
  'encodeManifest, files': (wrong) => manifests.encodeManifest({ files: [wrong] }),
  'namesRoot, name': (wrong) => manifests.namesRoot([wrong]),
  'encodeIndex, name': (wrong) => manifests.encodeIndex([wrong]),
  'decodeIndex, index': (wrong) => manifests.decodeIndex(manifestFile, [wrong]),
  'enrolmentMessage, network': (wrong) => enrolmentMessage(wrong, id, { sign: id as never, box: id as never }),
  'enrolmentMessage, institution': (wrong) => enrolmentMessage(id, wrong, { sign: id as never, box: id as never }),
  'enrolmentMessage, keys': (wrong) => enrolmentMessage(id, id, { sign: wrong, box: wrong }),
  'head of a ledger': (wrong) => ledger.head(wrong),
  'fact of a ledger': (wrong) => ledger.fact(wrong, facts.name),
  'facts of a ledger': (wrong) => ledger.factsUnder(wrong, ''),
  'entries of a ledger': (wrong) => ledger.entries(wrong),
  'pins of a ledger': (wrong) => ledger.requirePinned(wrong),
  'checkTrail, record': (wrong) => checkTrail(ledger, wrong),
  'device’s fact': (wrong) => facts.device(wrong),
}

describe('bytes', () => {
  it.each(Object.entries(table))('%s', async (_, call) => {
    for (const wrong of notBytes)
      expect(await codeOfAsync(async () => call(wrong as never)), String(wrong)).toBe('USAGE')
  })

  it('a network’s id may be null, and nothing else', async () => {
    for (const wrong of notBytes.filter((value) => value !== null)) {
      expect(await codeOfAsync(async () => entries.chainIdOf(wrong as never, id, id))).toBe('USAGE')
      expect(await codeOfAsync(async () => entries.verifyEntry(entry, id, wrong as never))).toBe('USAGE')
    }
  })
})

it('text is text, and a list a list', async () => {
  for (const wrong of [undefined, null, 0, {}, [], new Uint8Array(1)]) {
    expect(await codeOfAsync(async () => entries.claimHash(id, { ...claim, name: wrong as never }))).toBe('USAGE')
    expect(await codeOfAsync(async () => entries.claimHash(id, { ...claim, value: wrong as never }))).toBe('USAGE')
    expect(await codeOfAsync(async () => grantHashOf(wrong as never))).toBe('USAGE')
    if (Array.isArray(wrong)) continue
    expect(await codeOfAsync(async () => encodeClaims(wrong as never))).toBe('USAGE')
    expect(await codeOfAsync(async () => wraps.encodeWrapList(wrong as never))).toBe('USAGE')
  }
  expect(await codeOfAsync(async () => entries.claimHash(id, null as never))).toBe('USAGE')
  for (const key of ['', 'grant/', 'grant/00', 'section/001', `device/${'00'.repeat(32)}`])
    expect(await codeOfAsync(async () => grantHashOf(key))).toBe('USAGE')
  expect(grantHashOf(`grant/${'00'.repeat(32)}`)).toEqual(new Uint8Array(32))
})
