// What every store must keep. store.test.ts runs it on each back end; a new back end runs it unchanged.
import { describe, expect, it } from 'vitest'
import {
  type AttachmentRow,
  type Batch,
  type SegmentRow,
  type Staging,
  type Store,
  StoreConflict,
  type UploadRow,
} from '../src/store/contract.js'
import { chain, digest, entryHash, flipped, named, turn, uploadId } from './turns.js'

export const attachment = (name: string, more: Partial<AttachmentRow> = {}): AttachmentRow => ({
  digest: digest(name),
  place: { file: `file of ${name}`, offset: 0, length: 100 },
  count: 0,
  root: null,
  expires: 1000,
  live: null,
  ...more,
})

export const upload = (name: string, more: Partial<UploadRow> = {}): UploadRow => ({
  id: uploadId(name),
  record: chain('record'),
  member: chain('chan'),
  reserved: 4096,
  expires: 1000,
  state: 'open',
  ...more,
})

export const segment = (uploadName: string, name: string, more: Partial<SegmentRow> = {}): SegmentRow => ({
  record: chain('record'),
  name: digest(name),
  section: 1,
  upload: uploadId(uploadName),
  place: { file: `file of ${uploadName}`, offset: 0, length: 10 },
  ...more,
})

const listing = (member: string, record: string, grant: string, from: number, expires: number | null = null) => ({
  member: chain(member),
  record: chain(record),
  grant: entryHash(grant),
  from,
  expires,
})

const notice = (index: number, record: string, member: string | null) => ({
  index,
  record: chain(record),
  member: member === null ? null : chain(member),
})

const one = [{ chain: 'a', sequence: 0 }]

export function storeSuite(name: string, open: () => Promise<Store>): void {
  const withStore = (test: (store: Store) => Promise<void>) => async () => {
    const store = await open()
    try {
      await test(store)
    } finally {
      await store.close()
    }
  }
  const place = async (
    store: Store,
    said: Parameters<typeof turn>[1],
    more: Parameters<typeof turn>[2] = {},
  ): Promise<Batch> => {
    const batch = turn(await store.treeHead(), said, more)
    await store.commit(batch)
    return batch
  }

  describe(`${name}: turns`, () => {
    it(
      'begins empty',
      withStore(async (store) => {
        expect(await store.treeHead()).toBeNull()
        expect(await store.heads([chain('a')])).toEqual([null])
        expect(await store.facts([{ chain: chain('a'), key: 'k' }])).toEqual([null])
        expect(await store.entries(chain('a'), -1, 10)).toEqual([])
        expect(await store.entryAt(0)).toBeNull()
        expect(await store.leaves(0, 10)).toEqual([])
        expect(await store.tile(0, 0)).toBeNull()
        expect(await store.records(chain('chan'), 0, { after: null, limit: 10 })).toEqual([])
        await expect(store.sealsFor([0])).rejects.toMatchObject({ code: 'INTERNAL' })
      }),
    )

    it(
      'gives back what a turn placed',
      withStore(async (store) => {
        const said = [
          { chain: 'a', sequence: 0 },
          { chain: 'b', sequence: 0 },
          { chain: 'a', sequence: 1 },
        ]
        const batch = await place(store, said)
        expect(await store.treeHead()).toEqual(batch.head)
        expect(await store.entries(chain('a'), -1, 10)).toEqual([batch.entries[0], batch.entries[2]])
        expect(await store.entries(chain('a'), 0, 10)).toEqual([batch.entries[2]])
        expect(await store.entries(chain('a'), -1, 1)).toEqual([batch.entries[0]])
        expect(await store.entryAt(1)).toEqual(batch.entries[1])
        expect(await store.entryAt(3)).toBeNull()
        expect(await store.entryByHash(batch.entries[1]!.hash)).toEqual(batch.entries[1])
        expect(await store.entryByHash(entryHash('other'))).toBeNull()
        expect(await store.linkAt(chain('a'), 1)).toEqual(batch.entries[2]!.link)
        expect(await store.linkAt(chain('a'), 2)).toBeNull()
        expect(await store.leaves(1, 2)).toEqual(batch.leaves.slice(1, 3))
        expect(await store.leaves(0, 99)).toEqual(batch.leaves)
        expect(await store.heads([chain('b'), chain('c'), chain('a')])).toEqual([batch.heads[1], null, batch.heads[0]])
      }),
    )

    it(
      'finds the seal that covers an index',
      withStore(async (store) => {
        const first = await place(store, one)
        const second = await place(store, [
          { chain: 'a', sequence: 1 },
          { chain: 'a', sequence: 2 },
        ])
        const seals = [first.leaves.at(-1), second.leaves.at(-1)]
        expect(await store.sealsFor([3, 0, 1, 2, 4])).toEqual([seals[1], seals[0], seals[0], seals[1], seals[1]])
        await expect(store.sealsFor([0, 5])).rejects.toMatchObject({ code: 'INTERNAL' })
      }),
    )

    it(
      'refuses a turn on another tree head and writes nothing',
      withStore(async (store) => {
        const first = await place(store, one)
        const fork = turn(null, [{ chain: 'x', sequence: 0 }])
        await expect(store.commit(fork)).rejects.toBeInstanceOf(StoreConflict)
        const other = turn(fork.head, [{ chain: 'x', sequence: 1 }])
        await expect(store.commit(other)).rejects.toBeInstanceOf(StoreConflict)
        const next = turn(first.head, [{ chain: 'x', sequence: 0 }])
        await expect(store.commit({ ...next, expect: { ...next.expect!, size: 3 } })).rejects.toBeInstanceOf(
          StoreConflict,
        )
        expect(await store.treeHead()).toEqual(first.head)
        expect(await store.entries(chain('x'), -1, 9)).toEqual([])
      }),
    )

    it(
      'lets one of two turns on the same head pass',
      withStore(async (store) => {
        const turns = ['x', 'y'].map((id) => turn(null, [{ chain: id, sequence: 0 }]))
        const results = await Promise.allSettled(turns.map((batch) => store.commit(batch)))
        expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
        expect(await store.treeHead()).toEqual(turns[0]!.head)
      }),
    )

    it(
      'refuses an entry that is placed twice',
      withStore(async (store) => {
        const { head } = await place(store, one)
        await expect(store.commit(turn(head, [{ chain: 'a', sequence: 0, text: 'again' }]))).rejects.toMatchObject({
          code: 'SELFCHECK',
        })
        await expect(store.commit(turn(head, [{ chain: 'b', sequence: 0, text: 'a 0' }]))).rejects.toMatchObject({
          code: 'SELFCHECK',
        })
        expect((await store.treeHead())?.size).toBe(2)
      }),
    )

    it(
      'keeps rows apart from the caller’s buffers',
      withStore(async (store) => {
        const batch = turn(null, one, { facts: [{ chain: chain('a'), key: 'k', value: Uint8Array.of(1) }] })
        const placed = store.commit(batch)
        await placed
        const bytes = new Uint8Array(batch.entries[0]!.bytes)
        batch.entries[0]!.bytes.fill(9)
        batch.facts[0]!.value!.fill(9)
        expect((await store.entryAt(0))!.bytes).toEqual(bytes)
        ;(await store.entryAt(0))!.bytes.fill(7)
        ;(await store.facts([{ chain: chain('a'), key: 'k' }]))[0]!.fill(7)
        expect((await store.entryAt(0))!.bytes).toEqual(bytes)
        expect(await store.facts([{ chain: chain('a'), key: 'k' }])).toEqual([Uint8Array.of(1)])
      }),
    )

    const spoil: Record<string, (batch: Batch) => Batch> = {
      'a bit of an entry': (b) => ({ ...b, entries: b.entries.map((row) => ({ ...row, bytes: flipped(row.bytes) })) }),
      'a bit of an entry’s hash': (b) => ({
        ...b,
        entries: b.entries.map((row) => ({ ...row, hash: flipped(row.hash) })),
      }),
      'a bit of a leaf': (b) => ({
        ...b,
        leaves: b.leaves.map((row, i) => (i === 0 ? { ...row, data: flipped(row.data) } : row)),
      }),
      'a bit of the seal': (b) => ({
        ...b,
        leaves: b.leaves.map((row) => (row.seal ? { ...row, data: flipped(row.data) } : row)),
      }),
      'a bit of the root': (b) => ({ ...b, head: { ...b.head, root: flipped(b.head.root) } }),
      'a bit of the edge': (b) => ({ ...b, head: { ...b.head, edge: flipped(b.head.edge) } }),
      'the edge’s form': (b) => ({ ...b, head: { ...b.head, edge: b.head.edge.subarray(1) } }),
      'the size': (b) => ({ ...b, head: { ...b.head, size: b.head.size + 1 } }),
      'the time': (b) => ({ ...b, head: { ...b.head, time: b.head.time + 1 } }),
      'another head of a chain': (b) => ({ ...b, heads: b.heads.map((row) => ({ ...row, link: flipped(row.link) })) }),
      'a missing head': (b) => ({ ...b, heads: b.heads.slice(1) }),
      'a missing leaf': (b) => ({ ...b, leaves: b.leaves.slice(1) }),
      'a missing seal': (b) => ({ ...b, leaves: b.leaves.slice(0, -1) }),
      'a missing entry': (b) => ({ ...b, entries: b.entries.slice(1) }),
      'a seal that is not marked': (b) => ({ ...b, leaves: b.leaves.map((row) => ({ ...row, seal: false })) }),
      'an entry at another index': (b) => ({
        ...b,
        entries: b.entries.map((row) => ({ ...row, index: row.index + 1 })),
      }),
      'leaves in another order': (b) => ({ ...b, leaves: [b.leaves[1]!, b.leaves[0]!, ...b.leaves.slice(2)] }),
    }
    for (const [what, change] of Object.entries(spoil)) {
      it(
        `refuses a turn with another ${what.replace(/^an? |^the /, '')} than it was computed on`,
        withStore(async (store) => {
          const { head } = await place(store, [{ chain: 'z', sequence: 0 }])
          const batch = turn(
            head,
            [
              { chain: 'a', sequence: 0 },
              { chain: 'b', sequence: 0 },
            ],
            {
              facts: [{ chain: chain('a'), key: 'k', value: Uint8Array.of(1) }],
            },
          )
          await expect(store.commit(change(batch))).rejects.toMatchObject({ code: 'SELFCHECK' })
          expect(await store.treeHead()).toEqual(head)
          expect(await store.entries(chain('b'), -1, 9)).toEqual([])
          expect(await store.leaves(0, 9)).toHaveLength(2)
          expect(await store.facts([{ chain: chain('a'), key: 'k' }])).toEqual([null])
          await store.commit(batch)
          expect(await store.treeHead()).toEqual(batch.head)
        }),
      )
    }
  })

  describe(`${name}: state`, () => {
    const fact = (key: string, value: number | null, id = 'a') => ({
      chain: chain(id),
      key,
      value: value === null ? null : Uint8Array.of(value),
    })
    it(
      'sets, replaces and deletes facts',
      withStore(async (store) => {
        await place(store, one, { facts: [fact('x', 1), fact('y', 2), fact('x', 3, 'b')] })
        await place(store, [{ chain: 'a', sequence: 1 }], {
          facts: [fact('x', 4), fact('y', null), fact('none', null)],
        })
        const keys = [fact('y', 0), fact('x', 0), fact('x', 0, 'b')]
        expect(await store.facts(keys)).toEqual([null, Uint8Array.of(4), Uint8Array.of(3)])
      }),
    )

    it(
      'lists facts under a prefix in the order of their UTF-8',
      withStore(async (store) => {
        const keys = ['m/b', 'm/a', 'm', 'm/\u{1f600}', 'm/\uffee', 'n', 'l/a', 'm/a/c']
        await place(store, one, { facts: [...keys.map((key, i) => fact(key, i)), fact('m/z', 9, 'b')] })
        const found = async (prefix: string) => (await store.factsUnder(chain('a'), prefix)).map((row) => row.key)
        expect(await found('m/')).toEqual(['m/a', 'm/a/c', 'm/b', 'm/\uffee', 'm/\u{1f600}'])
        expect(await found('')).toHaveLength(8)
        expect(await found('M')).toEqual([])
        expect(await store.factsUnder(chain('a'), 'n')).toEqual([fact('n', 5)])
      }),
    )

    it(
      'keeps bytes beside an entry until they are erased',
      withStore(async (store) => {
        const row = (id: string, byte: number) => ({ digest: digest(id), index: 0, bytes: Uint8Array.of(byte) })
        await place(store, one, { beside: [row('p', 1), row('q', 2)] })
        await place(store, [{ chain: 'a', sequence: 1 }], { beside: [row('p', 3)] })
        expect(await store.beside([digest('q'), digest('r'), digest('p')])).toEqual([
          Uint8Array.of(2),
          null,
          Uint8Array.of(1),
        ])
        await store.eraseBeside([digest('p'), digest('r')])
        expect(await store.beside([digest('p'), digest('q')])).toEqual([null, Uint8Array.of(2)])
      }),
    )

    it(
      'finds members by a claim, newest first, until its bytes are erased',
      withStore(async (store) => {
        const claim = (member: string, index: number, id: string, value = 'M1') => ({
          member: chain(member),
          name: 'registration',
          value,
          digest: digest(id),
          index,
        })
        await place(
          store,
          [0, 1, 2].map((sequence) => ({ chain: 'a', sequence })),
          {
            claims: [claim('chan', 0, 'p'), claim('lee', 1, 'q'), claim('wong', 2, 'r', 'M2')],
            beside: [{ digest: digest('p'), index: 0, bytes: Uint8Array.of(1) }],
          },
        )
        expect(await store.claimants('registration', 'M1', 9)).toEqual([chain('lee'), chain('chan')])
        await place(store, [{ chain: 'a', sequence: 3 }], { claims: [claim('chan', 4, 's')] })
        expect(await store.claimants('registration', 'M1', 9)).toEqual([chain('chan'), chain('lee')])
        expect(await store.claimants('registration', 'M1', 1)).toEqual([chain('chan')])
        expect(await store.claimants('name', 'M1', 9)).toEqual([])
        await store.eraseBeside([digest('p'), digest('q')])
        expect(await store.claimants('registration', 'M1', 9)).toEqual([chain('chan')])
        await store.eraseBeside([digest('s')])
        expect(await store.claimants('registration', 'M1', 9)).toEqual([])
        expect(await store.claimants('registration', 'M2', 9)).toEqual([chain('wong')])
      }),
    )

    it(
      'keeps tiles',
      withStore(async (store) => {
        await place(store, one, { tiles: [{ level: 1, index: 5, hashes: new Uint8Array(8192).fill(3) }] })
        expect(await store.tile(1, 5)).toEqual(new Uint8Array(8192).fill(3))
        expect(await store.tile(0, 5)).toBeNull()
        expect(await store.tile(1, 4)).toBeNull()
      }),
    )
  })

  describe(`${name}: lists`, () => {
    const page = { after: null, limit: 10 }
    const placed = async (store: Store): Promise<void> => {
      const said = ['r', 's', 't'].map((id) => ({ chain: id, sequence: 0 }))
      await place(store, said, {
        listings: [listing('chan', 'r', 'g1', 0), listing('chan', 's', 'g2', 1, 500), listing('lee', 't', 'g3', 2)],
      })
    }

    it(
      'lists records by their newest change, newest first, and pages',
      withStore(async (store) => {
        await placed(store)
        const both = await store.records(chain('chan'), 0, page)
        expect(both).toEqual([
          { record: chain('s'), grants: [entryHash('g2')], changed: 1 },
          { record: chain('r'), grants: [entryHash('g1')], changed: 0 },
        ])
        expect(await store.records(chain('chan'), 0, { after: 1, limit: 10 })).toEqual([both[1]])
        expect(await store.records(chain('chan'), 0, { after: null, limit: 1 })).toEqual([both[0]])
        await place(store, [{ chain: 'r', sequence: 1 }])
        expect((await store.records(chain('chan'), 0, page)).map((row) => [row.record, row.changed])).toEqual([
          [chain('r'), 4],
          [chain('s'), 1],
        ])
      }),
    )

    it(
      'ends listings by time and by entry',
      withStore(async (store) => {
        await placed(store)
        const records = async (now: number) => (await store.records(chain('chan'), now, page)).map((row) => row.record)
        expect(await records(499)).toEqual([chain('s'), chain('r')])
        expect(await records(500)).toEqual([chain('r')])
        expect(await store.listings(chain('chan'), chain('s'), 499)).toEqual([listing('chan', 's', 'g2', 1, 500)])
        expect(await store.listings(chain('chan'), chain('s'), 500)).toEqual([])
        expect(await store.listings(chain('lee'), chain('s'), 0)).toEqual([])
        await place(store, [{ chain: 'r', sequence: 1 }], {
          ended: [{ record: chain('r'), grant: entryHash('g1'), index: 4 }],
        })
        expect(await records(0)).toEqual([chain('s')])
        expect(await store.listings(chain('chan'), chain('r'), 0)).toEqual([])
      }),
    )

    it(
      'joins several grants of one record, and a newer row replaces a listing',
      withStore(async (store) => {
        await placed(store)
        const more = [listing('chan', 'r', 'g0', 4), listing('lee', 'r', 'g0', 4)]
        await place(store, [{ chain: 'r', sequence: 1 }], { listings: more })
        const grants = async () => (await store.records(chain('chan'), 0, page)).find((row) => row.changed >= 4)?.grants
        expect(await grants()).toEqual([entryHash('g0'), entryHash('g1')])
        await place(store, [{ chain: 'r', sequence: 2 }], {
          ended: [{ record: chain('r'), grant: entryHash('g0'), index: 6 }],
        })
        expect(await grants()).toEqual([entryHash('g1')])
        expect(await store.listings(chain('lee'), chain('r'), 0)).toEqual([])
        await place(store, [{ chain: 'r', sequence: 3 }], { listings: [listing('lee', 'r', 'g0', 8, 900)] })
        expect(await store.listings(chain('lee'), chain('r'), 0)).toEqual([listing('lee', 'r', 'g0', 8, 900)])
        expect(await grants()).toEqual([entryHash('g1')])
      }),
    )

    it(
      'gives a member her own notices and those of records while she could list them',
      withStore(async (store) => {
        const said = Array.from({ length: 6 }, (_, sequence) => ({ chain: 'r', sequence }))
        const notices = said.map((_, index) => notice(index, 'r', null))
        const listings = [listing('chan', 'r', 'g1', 2), listing('lee', 'r', 'g2', 0, 7_200_000)]
        await place(store, said, { notices: [...notices, notice(0, 'r', 'wong'), notice(3, 'r', 'chan')], listings })
        const seen = async (member: string, after = -1, limit = 99) =>
          (await store.notices(chain(member), after, limit)).map((row) => [row.index, row.member !== null])
        expect(await seen('chan')).toEqual([
          [2, false],
          [3, true],
          [4, false],
          [5, false],
        ])
        expect(await seen('chan', 2, 2)).toEqual([
          [3, true],
          [4, false],
        ])
        expect(await seen('wong')).toEqual([[0, true]])
        expect(await store.notices(chain('wong'), -1, 9)).toEqual([notice(0, 'r', 'wong')])
        expect(await seen('lee')).toHaveLength(6)
        // Lee's listing expires at the log time of the next turn; Chan's ends with its entry.
        await place(
          store,
          [
            { chain: 'r', sequence: 6 },
            { chain: 'r', sequence: 7 },
          ],
          {
            notices: [notice(7, 'r', null), notice(8, 'r', null)],
            ended: [{ record: chain('r'), grant: entryHash('g1'), index: 8 }],
          },
        )
        expect(await seen('lee')).toHaveLength(6)
        expect(await seen('chan', 4)).toEqual([
          [5, false],
          [7, false],
        ])
      }),
    )
  })

  describe(`${name}: staging`, () => {
    it(
      'stages attachments, and a turn makes them live',
      withStore(async (store) => {
        await store.stage({ attachments: [attachment('m', { count: 3, root: named('root') as never })] })
        expect(await store.attachment(digest('m'))).toEqual(attachment('m', { count: 3, root: named('root') as never }))
        expect(await store.attachment(digest('n'))).toBeNull()
        await store.stage({
          attachments: [attachment('m', { expires: 2000, count: 4 }), attachment('m', { expires: 500 })],
        })
        expect(await store.attachment(digest('m'))).toMatchObject({ expires: 2000, count: 3 })
        const lost = turn(null, one, {
          attachments: [
            { digest: digest('m'), index: 0 },
            { digest: digest('n'), index: 0 },
          ],
        })
        await expect(store.commit(lost)).rejects.toBeInstanceOf(StoreConflict)
        expect(await store.treeHead()).toBeNull()
        expect(await store.attachment(digest('m'))).toMatchObject({ live: null })
        await place(store, one, { attachments: [{ digest: digest('m'), index: 0 }] })
        await place(store, [{ chain: 'a', sequence: 1 }], { attachments: [{ digest: digest('m'), index: 2 }] })
        expect(await store.attachment(digest('m'))).toMatchObject({ live: 0 })
      }),
    )

    it(
      'moves uploads forward only',
      withStore(async (store) => {
        await store.stage({ uploads: [upload('u')] })
        await store.stage({ uploads: [upload('u', { expires: 3000, state: 'complete', reserved: 1 })] })
        await store.stage({ uploads: [upload('u', { expires: 2000 })] })
        expect(await store.upload(uploadId('u'))).toEqual(upload('u', { expires: 3000, state: 'complete' }))
        await place(store, one, { uploads: [uploadId('u')] })
        await store.stage({ uploads: [upload('u', { expires: 9000 })] })
        expect(await store.upload(uploadId('u'))).toMatchObject({ state: 'live', expires: 3000 })
      }),
    )

    it(
      'publishes an upload once, and only a complete one',
      withStore(async (store) => {
        await store.stage({ uploads: [upload('open'), upload('done', { state: 'complete' })] })
        for (const ids of [['open'], ['none'], ['done', 'open'], ['done', 'done']]) {
          const batch = turn(null, one, { uploads: ids.map(uploadId) })
          await expect(store.commit(batch)).rejects.toBeInstanceOf(StoreConflict)
        }
        expect(await store.upload(uploadId('done'))).toMatchObject({ state: 'complete' })
        const { head } = await place(store, one, { uploads: [uploadId('done')] })
        const again = turn(head, [{ chain: 'b', sequence: 0 }], { uploads: [uploadId('done')] })
        await expect(store.commit(again)).rejects.toBeInstanceOf(StoreConflict)
      }),
    )

    it(
      'refuses to stage anything live',
      withStore(async (store) => {
        await expect(store.stage({ uploads: [upload('u', { state: 'live' })] })).rejects.toMatchObject({
          code: 'USAGE',
        })
        await expect(store.stage({ attachments: [attachment('m', { live: 1 })] })).rejects.toMatchObject({
          code: 'USAGE',
        })
        expect(await store.attachment(digest('m'))).toBeNull()
      }),
    )

    it(
      'counts what a member has reserved',
      withStore(async (store) => {
        const rows = [
          upload('u'),
          upload('v', { expires: 50 }),
          upload('w', { state: 'complete' }),
          upload('x', { member: chain('lee') }),
        ]
        await store.stage({ uploads: rows })
        expect(await store.reserved(chain('chan'), 49)).toEqual({ bytes: 3 * 4096, uploads: 3 })
        expect(await store.reserved(chain('chan'), 50)).toEqual({ bytes: 2 * 4096, uploads: 2 })
        await place(store, one, { uploads: [uploadId('w')] })
        expect(await store.reserved(chain('chan'), 50)).toEqual({ bytes: 4096, uploads: 1 })
        expect(await store.reserved(chain('nobody'), 0)).toEqual({ bytes: 0, uploads: 0 })
      }),
    )

    it(
      'takes segments of open uploads only, all rows or none',
      withStore(async (store) => {
        const both: Staging = { uploads: [upload('u', { state: 'complete' })], segments: [segment('u', 's')] }
        await store.stage(both)
        const missing = { attachments: [attachment('m')], segments: [segment('nowhere', 's')] }
        await expect(store.stage(missing)).rejects.toBeInstanceOf(StoreConflict)
        expect(await store.attachment(digest('m'))).toBeNull()
        await expect(store.stage({ segments: [segment('u', 'late')] })).rejects.toBeInstanceOf(StoreConflict)
        await store.stage(both)
        await store.stage({ uploads: [upload('v')] })
        await expect(store.stage({ segments: [segment('v', 's', { record: chain('other') })] })).rejects.toBeInstanceOf(
          StoreConflict,
        )
      }),
    )

    it(
      'tells what needn’t be put again',
      withStore(async (store) => {
        await store.stage({ uploads: [upload('u'), upload('v')], segments: [segment('u', 's'), segment('v', 'x')] })
        const names = ['s', 'x', 'none'].map(digest)
        expect(await store.present(chain('record'), uploadId('u'), names)).toEqual([true, false, false])
        expect(await store.present(chain('other'), uploadId('u'), names)).toEqual([false, false, false])
        await store.stage({ uploads: [upload('v', { state: 'complete' })] })
        await place(store, one, { uploads: [uploadId('v')] })
        expect(await store.present(chain('record'), uploadId('u'), names)).toEqual([true, true, false])
      }),
    )

    it(
      'keeps the first row of a segment, and prefers a live upload’s',
      withStore(async (store) => {
        await store.stage({ uploads: [upload('u'), upload('v')], segments: [segment('u', 's')] })
        await store.stage({ segments: [segment('u', 's', { section: 7 }), segment('v', 's', { section: 8 })] })
        expect(await store.segment(chain('record'), digest('s'))).toMatchObject({ section: 1 })
        await store.stage({ uploads: [upload('v', { state: 'complete' })] })
        await place(store, one, { uploads: [uploadId('v')] })
        expect(await store.segment(chain('record'), digest('s'))).toEqual(segment('v', 's', { section: 8 }))
        expect(await store.segment(chain('other'), digest('s'))).toBeNull()
      }),
    )
  })

  describe(`${name}: collection`, () => {
    it(
      'takes what has expired and is not live, and names files that no row names',
      withStore(async (store) => {
        const place1 = { file: 'shared', offset: 0, length: 5 }
        await store.stage({
          attachments: [
            attachment('m', { place: place1 }),
            attachment('n', { place: place1, expires: 2000 }),
            attachment('o'),
            attachment('p'),
          ],
          uploads: [upload('u'), upload('v', { expires: 2000 }), upload('w', { state: 'complete' })],
          segments: [segment('u', 's', { place: place1 }), segment('u', 't'), segment('v', 's')],
        })
        await place(store, one, { uploads: [uploadId('w')], attachments: [{ digest: digest('p'), index: 0 }] })
        expect(await store.collect(999, 99)).toEqual({ rows: 0, files: [] })
        const { rows, files } = await store.collect(1000, 99)
        expect([rows, [...files].sort()]).toEqual([5, ['file of o', 'file of u']])
        expect(await store.attachment(digest('m'))).toBeNull()
        expect(await store.attachment(digest('p'))).toMatchObject({ live: 0 })
        expect(await store.upload(uploadId('u'))).toBeNull()
        expect(await store.upload(uploadId('w'))).toMatchObject({ state: 'live' })
        expect(await store.segment(chain('record'), digest('s'))).toEqual(segment('v', 's'))
        expect(await store.collect(2000, 99)).toMatchObject({ rows: 3 })
        expect(await store.collect(1e9, 99)).toEqual({ rows: 0, files: [] })
      }),
    )

    it(
      'takes a large upload in pieces, gone from the first',
      withStore(async (store) => {
        const segments = Array.from({ length: 7 }, (_, i) => segment('u', `s${i}`))
        await store.stage({ uploads: [upload('u', { state: 'complete' })], segments })
        expect(await store.collect(1000, 3)).toEqual({ rows: 3, files: [] })
        expect(await store.upload(uploadId('u'))).toBeNull()
        expect(await store.reserved(chain('chan'), 0)).toEqual({ bytes: 0, uploads: 0 })
        const names = segments.map((row) => row.name)
        expect(await store.present(chain('record'), uploadId('u'), names)).not.toContain(true)
        expect(await store.segment(chain('record'), digest('s6'))).toBeNull()
        await expect(store.stage({ uploads: [upload('u', { expires: 5000 })] })).rejects.toBeInstanceOf(StoreConflict)
        await expect(store.commit(turn(null, one, { uploads: [uploadId('u')] }))).rejects.toBeInstanceOf(StoreConflict)
        expect(await store.collect(1000, 3)).toEqual({ rows: 3, files: [] })
        expect(await store.collect(1000, 3)).toEqual({ rows: 2, files: ['file of u'] })
        await store.stage({ uploads: [upload('u', { expires: 5000 })] })
        expect(await store.upload(uploadId('u'))).toEqual(upload('u', { expires: 5000 }))
      }),
    )
  })
}
