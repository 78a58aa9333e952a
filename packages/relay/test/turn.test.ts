// The turn against a naive model: lists that arrive in any order, stale, doubled or refused, and what must be in the log afterwards.
// Spec: docs/spec/relay.md, "The turn".
import {
  type AnyEntry,
  append,
  type ChainId,
  decodeEntry,
  decodeLeaf,
  emptyEdge,
  encodeEntryLeaf,
  encodeSeal,
  equal,
  hex,
  type LinkHash,
  leafHash,
  rootOfEdge,
  SealchartError,
  slotOf,
  type TreeHash,
  utf8,
  verifyBatch,
  verifyCheckpoint,
} from '@sealchart/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import { RelayError } from '../src/errors.js'
import { memoryHeadLock } from '../src/head-lock.js'
import { openLogTree } from '../src/log-tree.js'
import type { GatedList, PlacedList } from '../src/sequencer.js'
import { inlineSequencer } from '../src/sequencer-inline.js'
import type { Batch, Store } from '../src/store/contract.js'
import { memoryStore } from '../src/store/memory.js'
import { foundedWorld, fresh, START, type World } from './actors.js'

const gated = (entries: readonly AnyEntry[]): GatedList => ({
  entries,
  beside: [],
  claims: [],
  attachments: [],
  uploads: [],
  checkedAt: null,
})

/** A founded network, as lists that a sequencer over an empty store takes. */
async function history(): Promise<{ world: World; lists: AnyEntry[][] }> {
  const world = await foundedWorld()
  const rows = await world.store.entries(world.network.chain, -1, 10)
  const institution = await world.store.entries(world.institution.chain, -1, 10)
  const [found, admit] = rows.map((row) => decodeEntry(row.bytes)) as [AnyEntry, AnyEntry]
  return { world, lists: [[found], [...institution.map((row) => decodeEntry(row.bytes)), admit]] }
}

async function sequencerOver(store: Store, world: World) {
  const headLock = await memoryHeadLock('relay.test/log', fresh(32))
  const fatal: unknown[] = []
  const now = (): number => world.now
  const sequencer = await inlineSequencer({ store, headLock, now, onFatal: (error) => void fatal.push(error) })
  return { sequencer, headLock, fatal }
}

const codeOf = (error: unknown): string => (error instanceof SealchartError ? error.code : String(error))

describe('the turn', () => {
  it('places exactly what a naive model places, whatever comes in one turn', async () => {
    const { world, lists } = await history()
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            chain: fc.nat(2),
            ahead: fc.integer({ min: -1, max: 2 }),
            twice: fc.boolean(),
            other: fc.boolean(),
          }),
          { minLength: 1, maxLength: 12 },
        ),
        async (steps) => {
          const store = memoryStore()
          const { sequencer, fatal } = await sequencerOver(store, world)
          for (const list of lists) await sequencer.append(gated(list))
          const model = new Map<number, { sequence: number; link: LinkHash }>()
          const chains = await Promise.all([0, 1, 2].map(() => world.enrol('Model')))
          for (const [i, { drafts }] of chains.entries()) {
            const entries = drafts.map(({ entry }) => entry)
            await sequencer.append(gated(entries))
            model.set(i, { sequence: 2, link: (entries[2] as AnyEntry).link })
          }
          // Each step offers a new credential to a member's chain at some sequence; only the next one fits.
          const offers: { list: AnyEntry[]; fits: boolean }[] = []
          for (const { chain, ahead, twice, other } of steps) {
            const head = model.get(chain) as { sequence: number; link: LinkHash }
            const id = (chains[chain] as (typeof chains)[0]).member.chain
            const link = other ? (fresh(32) as Uint8Array as LinkHash) : head.link
            const list = [await offer(world, id, { sequence: head.sequence + ahead, link })]
            if (twice) list.push(await offer(world, id, { sequence: head.sequence + ahead, link }))
            const fits = ahead === 0 && !other && !twice
            offers.push({ list, fits })
            if (fits) model.set(chain, { sequence: head.sequence + 1, link: (list[0] as AnyEntry).link })
          }
          const results = await Promise.allSettled(offers.map(({ list }) => sequencer.append(gated(list))))
          expect(results.map(({ status }) => status === 'fulfilled')).toEqual(offers.map(({ fits }) => fits))
          for (const result of results) if (result.status === 'rejected') expect(codeOf(result.reason)).toBe('CONFLICT')
          for (const [i, { member }] of chains.entries()) {
            const [head] = await store.heads([member.chain])
            expect([head?.sequence, hex(head?.link ?? fresh(1))]).toEqual([
              model.get(i)?.sequence,
              hex(model.get(i)?.link as Uint8Array),
            ])
          }
          await checkLog(store)
          expect(fatal).toEqual([])
        },
      ),
      { numRuns: effort(15) },
    )
  }, 60_000)

  it('proves every list in the tree that its turn ended in', async () => {
    const { world, lists } = await history()
    const store = memoryStore()
    const { sequencer, headLock } = await sequencerOver(store, world)
    for (const list of lists) await sequencer.append(gated(list))
    const enrolled = await Promise.all(Array.from({ length: 9 }, () => world.enrol('Proof')))
    const all = enrolled.map(({ drafts }) => drafts.map(({ entry }) => entry))
    const placed = await Promise.all(all.map((list) => sequencer.append(gated(list))))
    expect(new Set(placed.map(({ head }) => head.size)).size).toBeLessThan(9)
    placed.forEach((one, i) => verifyPlaced(one, all[i] as AnyEntry[]))
    expect(headLock.latest()?.size).toBe(sequencer.head?.size)
    verifyCheckpoint(utf8(sequencer.head?.checkpoint ?? ''), headLock.key.key)
  })

  it('never lets log time go back', async () => {
    const { world, lists } = await history()
    const store = memoryStore()
    const { sequencer } = await sequencerOver(store, world)
    for (const list of lists) await sequencer.append(gated(list))
    const { drafts } = await world.enrol('Slow clock')
    world.now -= 60_000
    await sequencer.append(gated(drafts.map(({ entry }) => entry)))
    world.now += 60_000
    expect((await store.treeHead())?.time).toBe(START)
  })

  it('refuses without a trace when the disk is full, and goes on when it is not', async () => {
    const { world, lists } = await history()
    const store = memoryStore()
    let full = true
    const commit = (batch: Batch): Promise<void> =>
      full ? Promise.reject(new RelayError('FULL', 'the disk is full')) : store.commit(batch)
    const { sequencer, fatal } = await sequencerOver({ ...store, commit }, world)
    const founding = gated(lists[0] as AnyEntry[])
    await expect(sequencer.append(founding)).rejects.toMatchObject({ code: 'FULL' })
    expect(await store.treeHead()).toBeNull()
    full = false
    await sequencer.append(founding)
    expect(fatal).toEqual([])
  })

  it('stops at an unknown outcome: whoever waits is told, and nothing more is taken', async () => {
    const { world, lists } = await history()
    const store = memoryStore()
    const commit = (): Promise<void> => Promise.reject(new Error('the connection was lost'))
    const { sequencer, fatal } = await sequencerOver({ ...store, commit }, world)
    const founding = gated(lists[0] as AnyEntry[])
    await expect(sequencer.append(founding)).rejects.toMatchObject({ code: 'INTERNAL' })
    expect(fatal).toHaveLength(1)
    await expect(sequencer.append(founding)).rejects.toMatchObject({ code: 'INTERNAL' })
    await expect(sequencer.stage({})).rejects.toMatchObject({ code: 'INTERNAL' })
    expect(fatal).toHaveLength(1)
  })

  it('stops when the head lock does not advance', async () => {
    const { world, lists } = await history()
    const store = memoryStore()
    const headLock = await memoryHeadLock('relay.test/log', fresh(32))
    const advance = (): Promise<void> => Promise.reject(new RelayError('OUTCOME_UNKNOWN', 'no'))
    const fatal: unknown[] = []
    const sequencer = await inlineSequencer({
      store,
      headLock: { ...headLock, advance },
      now: () => world.now,
      onFatal: (error) => void fatal.push(error),
    })
    await expect(sequencer.append(gated(lists[0] as AnyEntry[]))).rejects.toMatchObject({ code: 'INTERNAL' })
    expect(fatal).toHaveLength(1)
  })

  it('finds the list whose attachment is gone, and places the others', async () => {
    const { world, lists } = await history()
    const store = memoryStore()
    const { sequencer, fatal } = await sequencerOver(store, world)
    for (const list of lists) await sequencer.append(gated(list))
    const [one, two] = [await world.enrol('One'), await world.enrol('Two')]
    const listOf = ({ drafts }: typeof one) => gated(drafts.map(({ entry }) => entry))
    const lost = { ...listOf(one), attachments: [{ digest: fresh(32) as never, position: 0 }] }
    const results = await Promise.allSettled([sequencer.append(lost), sequencer.append(listOf(two))])
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
    expect(codeOf((results[0] as PromiseRejectedResult).reason)).toBe('STAGED_MISSING')
    expect(fatal).toEqual([])
  })

  it('commits once, whoever sends the same upload with several lists', async () => {
    const { world, lists } = await history()
    const store = memoryStore()
    let commits = 0
    const counting: Store = {
      ...store,
      commit(batch) {
        commits += 1
        return store.commit(batch)
      },
    }
    const { sequencer } = await sequencerOver(counting, world)
    for (const list of lists) await sequencer.append(gated(list))
    const id = fresh(16)
    const row = { id, record: fresh(32) as ChainId, member: fresh(32) as ChainId, reserved: 0, expires: START * 2 }
    await sequencer.stage({ uploads: [{ ...row, state: 'complete' }] })
    const enrolled = await Promise.all(['One', 'Two', 'Three', 'Four'].map((name) => world.enrol(name)))
    const listOf = ({ drafts }: (typeof enrolled)[0], uploads: Uint8Array[]) => ({
      ...gated(drafts.map(({ entry }) => entry)),
      uploads,
    })
    commits = 0
    const uses = [[id, id], [id], [id], []]
    const results = await Promise.allSettled(
      enrolled.map((one, i) => sequencer.append(listOf(one, uses[i] as Uint8Array[]))),
    )
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected', 'fulfilled'])
    for (const i of [0, 2]) expect(codeOf((results[i] as PromiseRejectedResult).reason)).toBe('STAGED_MISSING')
    expect(commits).toBe(1)
  })

  it('sends a list back when a member’s chain moved since its recipients were checked', async () => {
    const { world, lists } = await history()
    const { sequencer } = await sequencerOver(memoryStore(), world)
    for (const list of lists) await sequencer.append(gated(list))
    const [lee, wong] = [await world.enrol('Lee'), await world.enrol('Wong')]
    const listOf = ({ drafts }: typeof lee) => gated(drafts.map(({ entry }) => entry))
    await sequencer.append(listOf(lee))
    const checkedAt = sequencer.head?.size as number
    const head = { sequence: 2, link: (lee.drafts[2] as (typeof lee.drafts)[0]).entry.link }
    const moves = gated([await offer(world, lee.member.chain, head)])
    // In the turn before, and in the same turn.
    const waits = { ...listOf(wong), checkedAt }
    const [, same] = await Promise.allSettled([sequencer.append(moves), sequencer.append(waits)])
    expect((same as PromiseRejectedResult).reason).toMatchObject({ code: 'BUSY', chains: [lee.member.chain] })
    await expect(sequencer.append(waits)).rejects.toMatchObject({ chains: [lee.member.chain] })
    await sequencer.append({ ...waits, checkedAt: sequencer.head?.size as number })
  })

  it('does not know what moved before it started, and has that checked again', async () => {
    const { world, lists } = await history()
    const store = memoryStore()
    const first = await sequencerOver(store, world)
    for (const list of lists) await first.sequencer.append(gated(list))
    const { sequencer } = await sequencerOver(store, world)
    const { drafts } = await world.enrol('Lee')
    const entries = drafts.map(({ entry }) => entry)
    await expect(sequencer.append({ ...gated(entries), checkedAt: 1 })).rejects.toMatchObject({ chains: null })
    await sequencer.append({ ...gated(entries), checkedAt: sequencer.head?.size as number })
  })

  it('stops when the store was changed by somebody else', async () => {
    const { world, lists } = await history()
    const store = memoryStore()
    const first = await sequencerOver(store, world)
    const second = await sequencerOver(store, world)
    await first.sequencer.append(gated(lists[0] as AnyEntry[]))
    const other = await history()
    const founding = gated(other.lists[0] as AnyEntry[])
    await expect(second.sequencer.append(founding)).rejects.toMatchObject({ code: 'INTERNAL' })
    expect(second.fatal).toMatchObject([{ code: 'SELFCHECK' }])
  })
})

describe('the tree that readers see', () => {
  it('is the same whether it was followed turn by turn or read from the store', async () => {
    const { world, lists } = await history()
    const store = memoryStore()
    const { sequencer } = await sequencerOver(store, world)
    const followed = await openLogTree(store)
    sequencer.onTurn((news) => followed.take(news))
    for (const list of lists) await sequencer.append(gated(list))
    for (let i = 0; i < 70; i++) {
      const { drafts } = await world.enrol('Tree')
      await sequencer.append(gated(drafts.map(({ entry }) => entry)))
    }
    const size = sequencer.head?.size as number
    expect(size).toBeGreaterThan(256)
    const opened = await openLogTree(store)
    for (const indices of [[0], [size - 1], [1, 5, 255, 256], [100, 270], [size - 3, size - 2]]) {
      expect(await opened.proveBatch(size, indices)).toEqual(await followed.proveBatch(size, indices))
      const leaves = await store.leaves(0, size)
      const hashes = indices.map((index) => ({ index, hash: leafHash(leaves[index]?.data as Uint8Array) }))
      verifyBatch({ size, root: sequencer.head?.root as TreeHash }, hashes, await opened.proveBatch(size, indices))
    }
    for (const seen of [1, 2, 255, 256, 257, size - 1, size]) {
      expect(await opened.proveGrowth(seen, size)).toEqual(await followed.proveGrowth(seen, size))
    }
    const tile = { level: 0, index: 0, width: 256 }
    expect(await opened.tile(tile)).toEqual(await followed.tile(tile))
    expect(await opened.tile({ level: 1, index: 0, width: 1 })).toEqual(
      await followed.tile({ level: 1, index: 0, width: 1 }),
    )
    expect(await opened.tile({ level: 1, index: 0, width: 2 })).toBeNull()
    expect(await opened.tile({ level: 0, index: 1, width: 256 })).toBeNull()
  }, 60_000)
})

async function offer(
  world: World,
  chain: AnyEntry['chain'],
  after: { sequence: number; link: LinkHash },
): Promise<AnyEntry> {
  return world.sign(world.institution, {
    kind: 'member',
    chain,
    type: 'credential',
    body: {
      institution: world.institution.chain,
      claims: [],
      registration: null,
      notBefore: START,
      until: START + 1000 + fresh(1)[0]!,
    },
    after: { chain, sequence: after.sequence, link: after.link },
    rests: [world.institution.chain, world.network.chain],
  })
}

/** The whole log again, from its rows: leaves, seals, root. */
async function checkLog(store: Store): Promise<void> {
  const head = await store.treeHead()
  const rows = await store.leaves(0, head?.size ?? 0)
  let edge = emptyEdge
  let first = 0
  for (const { data, index } of rows) {
    const leaf = decodeLeaf(data)
    if (leaf.kind === 'seal') {
      expect([leaf.seal.first, leaf.seal.size]).toEqual([first, index + 1])
      first = index + 1
    } else {
      const entry = await store.entryAt(index)
      expect(equal(entry?.hash ?? fresh(32), leaf.entryHash)).toBe(true)
    }
    edge = append(edge, leafHash(data))
  }
  expect(rootOfEdge(edge)).toEqual(head?.root)
}

function verifyPlaced({ places, seal, nodes, head }: PlacedList, entries: readonly AnyEntry[]): void {
  const leaves = places.map(({ index, access }, i) => {
    const entry = entries[i] as AnyEntry
    return { index, hash: leafHash(encodeEntryLeaf(slotOf(entry, access), entry.hash)) }
  })
  leaves.push({ index: seal.size - 1, hash: leafHash(encodeSeal(seal)) })
  verifyBatch(head, leaves, nodes)
}
