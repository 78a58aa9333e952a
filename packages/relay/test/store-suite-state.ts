// The store suite: facts, bytes beside entries, tiles, lists and notices.
import { describe, expect, it } from 'vitest'
import { type Store } from '../src/store/contract.js'
import { type OpenStore, one, place, withStore } from './store-support.js'
import { chain, digest, entryHash } from './turns.js'

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

export function stateSuite(name: string, open: OpenStore): void {
  const fresh = withStore(open)

  describe(`${name}: state`, () => {
    const fact = (key: string, value: number | null, id = 'a') => ({
      chain: chain(id),
      key,
      value: value === null ? null : Uint8Array.of(value),
    })
    it(
      'sets, replaces and deletes facts',
      fresh(async (store) => {
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
      fresh(async (store) => {
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
      'lists all facts under a prefix, however many there are',
      fresh(async (store) => {
        const keys = Array.from({ length: 1025 }, (_, i) => `m/${String(i).padStart(4, '0')}`)
        await place(store, one, { facts: [...keys, 'm', 'n'].map((key) => fact(key, 1)) })
        expect((await store.factsUnder(chain('a'), 'm/')).map((row) => row.key)).toEqual(keys)
      }),
    )

    it(
      'keeps bytes beside an entry until they are erased',
      fresh(async (store) => {
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
      fresh(async (store) => {
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
      fresh(async (store) => {
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
      fresh(async (store) => {
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
      fresh(async (store) => {
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
      fresh(async (store) => {
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
      fresh(async (store) => {
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
}
