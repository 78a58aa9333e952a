// Store and head lock at the start of a process: a crash between their two syncs, older copies, and other histories.
import { randomBytes } from 'node:crypto'
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeTile, leafHash, rootOf, signCheckpoint, type TreeHash, tilesFor } from '@sealchart/protocol'
import Database from 'better-sqlite3'
import { afterAll, describe, expect, it } from 'vitest'
import { isLong } from '../../../scripts/effort.mjs'
import { type HeadLock, memoryHeadLock } from '../src/head-lock.js'
import { openHeadLock } from '../src/head-lock-files.js'
import { checkStart } from '../src/start-check.js'
import type { Batch, Store } from '../src/store/contract.js'
import { memoryStore } from '../src/store/memory.js'
import { sqliteStore } from '../src/store/sqlite.js'
import { edgeAt } from '../src/tree-nodes.js'
import { named, type Said, turn } from './turns.js'

const root = await mkdtemp(join(tmpdir(), 'sealchart-start-'))
afterAll(() => rm(root, { recursive: true }))
const origin = 'log.example/test'
const newLock = (): Promise<HeadLock> => memoryHeadLock(origin, named('seed'))

/** Commits a turn with a checkpoint that the lock's key signed; the lock does not advance. */
async function commit(store: Store, lock: HeadLock, said: readonly Said[], more: Partial<Batch> = {}): Promise<Batch> {
  const batch = turn(await store.treeHead(), said, more)
  const { size, root: hash } = batch.head
  const note = signCheckpoint({ origin, size, root: hash }, lock.key)
  const whole = { ...batch, head: { ...batch.head, checkpoint: new TextDecoder().decode(note) } }
  await store.commit(whole)
  return whole
}

const run = (chainName: string, count: number, from = 0): Said[] =>
  Array.from({ length: count }, (_, i) => ({ chain: chainName, sequence: from + i }))

describe('start-up', () => {
  it('of an empty store has nothing to check', async () => {
    const lock = await newLock()
    expect(await checkStart(memoryStore(), lock)).toEqual({ size: 0, ahead: 0 })
    expect(lock.latest()).toBeNull()
  })

  it('with store and lock at the same head goes on', async () => {
    const [store, lock] = [memoryStore(), await newLock()]
    const { head } = await commit(store, lock, run('a', 3))
    await lock.advance(head)
    expect(await checkStart(store, lock)).toEqual({ size: 4, ahead: 0 })
  })

  it('after a crash between the two syncs checks the new rows and advances', async () => {
    const [store, lock] = [memoryStore(), await newLock()]
    const first = await commit(store, lock, run('a', 3))
    expect(await checkStart(store, lock)).toEqual({ size: 4, ahead: 4 })
    expect(lock.latest()).toMatchObject({ size: 4, checkpoint: first.head.checkpoint })
    await commit(store, lock, run('b', 5))
    const last = await commit(store, lock, run('c', 1))
    expect(await checkStart(store, lock)).toEqual({ size: 12, ahead: 8 })
    expect(lock.latest()).toMatchObject({ size: 12, root: last.head.root })
    expect(await checkStart(store, lock)).toEqual({ size: 12, ahead: 0 })
  })

  it('refuses a store that is older than its lock', async () => {
    const [store, lock] = [memoryStore(), await newLock()]
    const { head } = await commit(store, lock, run('a', 3))
    await lock.advance({ ...head, size: head.size + 1 })
    await expect(checkStart(store, lock)).rejects.toMatchObject({ code: 'LOCK_AHEAD' })
    await expect(checkStart(memoryStore(), lock)).rejects.toMatchObject({ code: 'LOCK_AHEAD' })
  })

  it('refuses another history of the same size, and a longer one that does not continue the lock’s', async () => {
    const [store, lock] = [memoryStore(), await newLock()]
    await commit(store, lock, run('a', 3))
    const [other, otherLock] = [memoryStore(), await newLock()]
    await otherLock.advance((await commit(other, otherLock, run('b', 3))).head)
    await expect(checkStart(store, otherLock)).rejects.toMatchObject({ code: 'LOG_INCONSISTENT' })
    await commit(store, lock, run('a', 3, 3))
    await expect(checkStart(store, otherLock)).rejects.toMatchObject({ code: 'LOG_INCONSISTENT' })
    expect(otherLock.latest()?.size).toBe(4)
  })

  it('refuses a store that another key signed, or whose checkpoint is of another head', async () => {
    const [store, lock] = [memoryStore(), await newLock()]
    const { head } = await commit(store, lock, run('a', 3))
    const stranger = await memoryHeadLock(origin, named('other seed'))
    await expect(checkStart(store, stranger)).rejects.toMatchObject({ code: 'CHECKPOINT' })
    expect(stranger.latest()).toBeNull()
    const second = memoryStore()
    await second.commit(
      turn(null, run('b', 3), { head: { ...turn(null, run('b', 3)).head, checkpoint: head.checkpoint } }),
    )
    await expect(checkStart(second, lock)).rejects.toMatchObject({ code: 'CHECKPOINT' })
  })
})

describe('start-up on a disk', () => {
  const open = async (dir: string) => ({
    store: await sqliteStore(join(dir, 'store.db')),
    lock: await openHeadLock(dir, { origin, create: true, random: randomBytes }),
  })

  it('refuses yesterday’s copy of the store', async () => {
    const dir = await mkdtemp(join(root, 'dir-'))
    const { store, lock } = await open(dir)
    await lock.advance((await commit(store, lock, run('a', 2))).head)
    expect(store.checkpoint('full')).toBe(true)
    await copyFile(join(dir, 'store.db'), join(dir, 'backup.db'))
    await lock.advance((await commit(store, lock, run('b', 2))).head)
    await store.close()
    await lock.close()
    await copyFile(join(dir, 'backup.db'), join(dir, 'store.db'))
    const restored = await open(dir)
    await expect(checkStart(restored.store, restored.lock)).rejects.toMatchObject({ code: 'LOCK_AHEAD' })
    await restored.store.close()
    await restored.lock.close()
  })

  const damage: Record<string, string> = {
    'an entry that changed': `UPDATE entry SET bytes = zeroblob(9) WHERE idx = 4`,
    'an entry that changed and still looks like one': `UPDATE entry SET bytes = x'8101' WHERE idx = 4`,
    'a missing entry': 'DELETE FROM entry WHERE idx = 4',
    'a missing leaf': 'DELETE FROM leaf WHERE idx = 4',
    'a leaf that changed': `UPDATE leaf SET data = zeroblob(69) WHERE idx = 4`,
    'a seal that is marked as an entry': 'UPDATE leaf SET seal = 0 WHERE idx = 5',
    'an edge of another size': `UPDATE tree_head SET size = 7`,
    'another root': `UPDATE tree_head SET root = zeroblob(32)`,
  }
  for (const [what, sql] of Object.entries(damage)) {
    it(`finds ${what} in the rows that the lock did not see`, async () => {
      const dir = await mkdtemp(join(root, 'dir-'))
      const { store, lock } = await open(dir)
      await lock.advance((await commit(store, lock, run('a', 2))).head)
      await commit(store, lock, run('b', 2))
      const db = new Database(join(dir, 'store.db'))
      db.exec(sql)
      db.close()
      await expect(checkStart(store, lock)).rejects.toMatchObject({ code: 'SELFCHECK' })
      expect(lock.latest()?.size).toBe(3)
      await store.close()
      await lock.close()
    })
  }
})

describe('older edges', () => {
  it('come from full tiles, the tiles below them, and leaves', async () => {
    const [store, lock] = [memoryStore(), await newLock()]
    const sizes: { size: number; root: TreeHash }[] = []
    const hashes: TreeHash[] = []
    for (const count of isLong ? [200, 65_400, 300, 1000, 65_600, 7] : [1, 254, 1, 300, 511, 40]) {
      const before = await store.treeHead()
      const said = run(`t${sizes.length}`, count)
      const next = turn(before, said)
      hashes.push(...next.leaves.map((row) => leafHash(row.data)))
      const { head } = await commit(store, lock, said, { tiles: tilesOf(hashes, before?.size ?? 0) })
      sizes.push(head)
    }
    for (const { size, root: expected } of sizes) {
      const edge = await edgeAt(store, size)
      expect(edge.size).toBe(size)
      const lockThere = await memoryHeadLock(origin, named('seed'))
      await lockThere.advance({ size, root: expected, checkpoint: '' })
      const total = hashes.length
      expect(await checkStart(store, lockThere)).toEqual({ size: total, ahead: total - size })
    }
  })

  /** All tiles that became full since `before`, from the leaf hashes alone. */
  function tilesOf(hashes: readonly TreeHash[], before: number): Batch['tiles'] {
    return tilesFor(before, hashes.length).full.map(({ level, index }) => {
      const span = 256 ** Number(level)
      const elements = Array.from({ length: 256 }, (_, i) => {
        const from = (index * 256 + i) * span
        return rootOf(hashes.slice(from, from + span))
      })
      return { level: Number(level), index, hashes: encodeTile(elements) }
    })
  }
})
