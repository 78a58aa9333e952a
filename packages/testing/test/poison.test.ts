// What a member with a changed client seals where the relay can't look: garbage as a purpose, and wraps of other keys than the record's.
// It must cost nobody more than that one text or record.
import { type SectionKey, sealWrap, systemRandom } from '@sealchart/crypto'
import {
  type AnyEntry,
  accessLogOf,
  actions,
  type ChainId,
  type Digest,
  decodeManifest,
  describeWrapList,
  type Entry,
  encodeManifest,
  encodeWrapList,
  hex,
  is,
  sha256,
  unhex,
} from '@sealchart/protocol'
import { expect, test } from 'vitest'
import { type TestNetwork, testNetwork, uncheckedClient } from '../src/index.js'
import { all, codeOf, file, read, visit } from './stories/support.js'

const idOf = (record: { readonly id: string }): ChainId => unhex(record.id) as Uint8Array as ChainId

/** The log as it stands: all entries, and the heads of chains to rest on. */
async function logOf(net: Pick<TestNetwork<Record<string, never[]>>, 'relay'>) {
  const entries = (await net.relay.stored.snapshot()).entries.map(({ entry }) => entry)
  const heads = new Map(entries.map((entry) => [hex(entry.chain), entry]))
  const headOf = (chain: ChainId): AnyEntry => heads.get(hex(chain)) as AnyEntry
  const rest = (chain: ChainId) => ({ chain, sequence: headOf(chain).sequence, link: headOf(chain).link })
  /** Where an entry of a chain stands that is signed now. */
  const next = (chain: ChainId) => ({ chain, sequence: rest(chain).sequence + 1, previous: rest(chain).link })
  return { entries, rest, next }
}

/** Something beside an entry that nobody can open. */
function garbage() {
  const beside = systemRandom(1300)
  return { beside, digest: sha256(beside) as Uint8Array as NonNullable<AnyEntry['private']> }
}

test('a purpose that does not open is shown as that, and the trail goes on', async () => {
  const net = await testNetwork({ kec: ['chan'], hospital: ['lee'] })
  const record = await net.chart('chan').records.create(visit('v1'))
  const chain = idOf(record)
  await record.share({ with: net.person('lee'), sections: ['summary'], reason: 'referral' })
  const lee = await uncheckedClient({ ...net.connect, network: net.network, vault: net.member('lee').vault })
  const { entries, rest } = await logOf(net)
  const grant = entries.find((entry) => is(entry, 'record', 'grant')) as AnyEntry
  const log = accessLogOf(chain)
  const { credential, institution } = net.person('lee')
  const { beside, digest } = garbage()
  const view = await lee.sign<'access', 'view'>({
    kind: 'access',
    chain: log,
    sequence: 0,
    previous: log as Uint8Array as AnyEntry['link'],
    time: net.clock.now(),
    seen: null,
    restsOn: [lee.chain, institution.id, lee.network, chain].map(rest),
    type: 'view',
    body: { record: chain, grant: grant.hash, credential, version: 1, sections: [1], trailEpoch: 0 },
    private: digest,
  })
  expect((await lee.append([view.bytes], { beside: [beside] })).status).toBe(200)

  const steps = await all(record.trail())
  expect(steps.map(({ what, text, garbled }) => [what, text, garbled])).toEqual([
    ['create', null, false],
    ['grant', 'referral', false],
    ['view', null, true],
  ])
  expect((await record.revoke(net.person('lee'))).alreadyOpened).toHaveLength(1)
  await net.close()
})

test('a record whose wrap does not open stands beside the list and takes no other from it', async () => {
  const net = await testNetwork({ kec: ['eve', 'chan'], hospital: ['lee'] })
  const good = await net.chart('chan').records.create(visit('v1'))
  await good.share({ with: net.person('lee'), sections: ['summary'], reason: 'referral' })
  const bad = await net.chart('eve').records.create({ ref: 'x', title: 't', sections: { a: file('a.txt', 'a') } })
  const chain = idOf(bad)
  const eve = await uncheckedClient({ ...net.connect, network: net.network, vault: net.member('eve').vault })
  const lee = net.person('lee')
  const { entries, rest, next } = await logOf(net)
  const founding = entries.find((entry) => is(entry, 'member', 'found') && hex(entry.chain) === hex(lee.id))
  const recipientKey = (founding as Entry<'member', 'found'>).body.epochKey
  const { sequence, link } = rest(lee.id)
  const [card, section] = [systemRandom(32) as Uint8Array as SectionKey, systemRandom(32) as Uint8Array as SectionKey]
  const keys = [
    { section: 0, epoch: 0, key: card },
    { section: 1, epoch: 0, key: section },
  ]
  const what = [{ grant: null, keys: keys.map(({ section, epoch }) => ({ section, epoch })), trail: null }]
  const target = { recipient: lee.id, epoch: 0, keyHash: sha256(recipientKey), sequence, link, what }
  const place = { network: eve.network, chain, target, recipientKey }
  const row = await sealWrap(place, { card, keys, trail: null }, systemRandom)
  const attachment = encodeWrapList([row])
  const { beside, digest } = garbage()
  const { credential, institution } = net.person('eve')
  const grant = await eve.sign<'record', 'grant'>({
    kind: 'record',
    ...next(chain),
    time: net.clock.now(),
    seen: null,
    restsOn: [eve.chain, institution.id, eve.network, lee.id, lee.institution.id].map(rest),
    type: 'grant',
    body: {
      credential,
      from: null,
      recipient: lee.id,
      capacity: lee.credential,
      sections: [1],
      actions: actions.view,
      notBefore: 0,
      until: null,
      wraps: describeWrapList(attachment, [row], entries.length),
    },
    private: digest,
  })
  const answer = await eve.append([grant.bytes], { beside: [beside], attachments: [attachment] })
  expect(answer.status).toBe(200)

  const page = await net.chart('lee').records.list()
  expect(page.records.map(({ id }) => id)).toEqual([good.id])
  expect(page.unreadable.map(({ id, error }) => [id, error.code])).toEqual([[bad.id, 'COMMITMENT']])
  expect(await codeOf(net.chart('lee').records.open(bad.id, { purpose: 'treatment' }))).toBe('COMMITMENT')
  await net.close()
})

test('a section whose headers do not open takes no other along', async () => {
  const net = await testNetwork({ kec: ['eve'], hospital: ['lee'] })
  const sections = { good: file('good.txt', 'sound'), bad: file('bad.txt', 'spoilt') }
  const record = await net.chart('eve').records.create({ ref: 'x', title: 't', sections })
  await record.share({ with: net.person('lee'), sections: ['good', 'bad'], reason: 'referral' })
  const chain = idOf(record)
  const stored = await net.relay.stored.snapshot()
  const { entries, rest, next } = await logOf(net)
  const create = entries.find((entry) => is(entry, 'record', 'create')) as Entry<'record', 'create'>
  const spoilt = create.body.contents.find(({ section }) => section === 2) as (typeof create.body.contents)[number]
  const [sound] = decodeManifest((await stored.attachment(spoilt.object.digest)) as Uint8Array).files
  if (!sound) throw new Error('the section has a file')
  const manifest = encodeManifest({ files: [{ ...sound, header: systemRandom(sound.header.length) }] })
  const object = { digest: sha256(manifest) as Uint8Array as Digest, length: manifest.length, count: 1 }

  const eve = await uncheckedClient({ ...net.connect, network: net.network, vault: net.member('eve').vault })
  const { credential, institution } = net.person('eve')
  const publish = await eve.sign<'record', 'publish'>({
    kind: 'record',
    ...next(chain),
    time: net.clock.now(),
    seen: null,
    restsOn: [eve.chain, institution.id, eve.network].map(rest),
    type: 'publish',
    body: {
      credential,
      grant: null,
      version: 2,
      trail: null,
      epochs: [],
      contents: [{ section: 2, epoch: 0, object }],
      wraps: null,
    },
    private: null,
  })
  expect((await eve.append([publish.bytes], { attachments: [manifest] })).status).toBe(200)

  const opened = await net.chart('lee').records.open(record.id, { purpose: 'treatment' })
  expect(await read(opened, 'good')).toBe('sound')
  expect(() => opened.files('bad')).toThrow(expect.objectContaining({ code: 'UNAUTHENTIC' }))
  const before = await net.chart('lee').records.open(record.id, { purpose: 'treatment', version: 1 })
  expect(await read(before, 'bad')).toBe('spoilt')
  await net.close()
})
