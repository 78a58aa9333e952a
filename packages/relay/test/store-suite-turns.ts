// The store suite: turns, their conflicts, and the read-back check of each.
import { describe, expect, it } from 'vitest'
import { type Batch, StoreConflict } from '../src/store/contract.js'
import { type OpenStore, one, place, withStore } from './store-support.js'
import { chain, entryHash, flipped, turn } from './turns.js'

export function turnSuite(name: string, open: OpenStore): void {
  const fresh = withStore(open)

  describe(`${name}: turns`, () => {
    it(
      'begins empty',
      fresh(async (store) => {
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
      fresh(async (store) => {
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
      fresh(async (store) => {
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
      fresh(async (store) => {
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
      fresh(async (store) => {
        const turns = ['x', 'y'].map((id) => turn(null, [{ chain: id, sequence: 0 }]))
        const results = await Promise.allSettled(turns.map((batch) => store.commit(batch)))
        expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
        expect(await store.treeHead()).toEqual(turns[0]!.head)
      }),
    )

    it(
      'refuses an entry that is placed twice',
      fresh(async (store) => {
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
      fresh(async (store) => {
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
        fresh(async (store) => {
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
}
