// What only SQLite has: settings, versions, its full disk, its write-ahead log, and rows that it changes behind our back.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { CHECKPOINT_BYTES } from '../src/folder-layout.js'
import { logMover, restMover } from '../src/log-keeper.js'
import type { TreeHead } from '../src/store/contract.js'
import { type SqliteStore, sqliteCheckpointer, sqliteReads, sqliteStore, storeOn } from '../src/store/sqlite.js'
import { openReader, openWriter } from '../src/store/sqlite-connection.js'
import { attachment } from './store-support.js'
import { chain, digest, turn } from './turns.js'

const root = await mkdtemp(join(tmpdir(), 'sealchart-sqlite-'))
afterAll(() => rm(root, { recursive: true }))
const newPath = async (): Promise<string> => join(await mkdtemp(join(root, 'dir-')), 'store.db')
const one = [{ chain: 'a', sequence: 0 }]

describe('settings', () => {
  it('are in force on the connection that writes', async () => {
    const db = await openWriter(await newPath())
    const read = (pragma: string): unknown => db.pragma(pragma, { simple: true })
    expect(read('synchronous')).toBe(2)
    expect(read('journal_mode')).toBe('wal')
    expect(read('foreign_keys')).toBe(1)
    expect(read('trusted_schema')).toBe(0)
    expect(read('secure_delete')).toBe(1)
    expect(read('wal_autocheckpoint')).toBe(0)
    expect(read('mmap_size')).toBe(0)
    db.close()
  })

  it('a connection that reads cannot write', async () => {
    const path = await newPath()
    const store = await sqliteStore(path)
    const db = await openReader(path)
    expect(() => db.exec('DELETE FROM entry')).toThrow(/readonly/)
    db.close()
    await store.close()
  })
})

describe('opening', () => {
  it('refuses a store of a newer version, another program’s file, and what is no database', async () => {
    const newer = await newPath()
    await (await sqliteStore(newer)).close()
    const db = new Database(newer)
    db.pragma('user_version = 99')
    db.close()
    await expect(sqliteStore(newer)).rejects.toMatchObject({ code: 'USAGE' })
    await expect(sqliteReads(newer)).rejects.toMatchObject({ code: 'USAGE' })

    const foreign = await newPath()
    const other = new Database(foreign)
    other.exec('CREATE TABLE theirs (x)')
    other.close()
    const before = await readFile(foreign)
    await expect(sqliteStore(foreign)).rejects.toMatchObject({ code: 'USAGE' })
    expect(Buffer.compare(await readFile(foreign), before)).toBe(0)

    const text = await newPath()
    await writeFile(text, 'no database '.repeat(1000))
    await expect(sqliteStore(text)).rejects.toMatchObject({ code: 'USAGE' })
    await expect(sqliteStore(join(root, 'nowhere', 'store.db'))).rejects.toMatchObject({ code: 'USAGE' })
  })

  it('reads only what exists and is migrated', async () => {
    await expect(sqliteReads(await newPath())).rejects.toMatchObject({ code: 'USAGE' })
    const empty = await newPath()
    await writeFile(empty, '')
    await expect(sqliteReads(empty)).rejects.toMatchObject({ code: 'USAGE' })
  })

  it('finds everything again', async () => {
    const path = await newPath()
    const batch = turn(null, one, { facts: [{ chain: chain('a'), key: 'k', value: Uint8Array.of(1) }] })
    const store = await sqliteStore(path)
    await store.commit(batch)
    await store.close()
    const again = await sqliteStore(path)
    expect(await again.treeHead()).toEqual(batch.head)
    expect(await again.facts([{ chain: chain('a'), key: 'k' }])).toEqual([Uint8Array.of(1)])
    await again.close()
  })

  describe('without better-sqlite3', () => {
    afterEach(() => {
      vi.doUnmock('better-sqlite3')
      vi.resetModules()
    })
    it('says what to install', async () => {
      vi.resetModules()
      vi.doMock('better-sqlite3', () => {
        throw new Error('Cannot find package')
      })
      const { sqliteStore: fresh } = await import('../src/store/sqlite.js')
      const refused = await fresh(await newPath()).catch((error: unknown) => error)
      expect(refused).toMatchObject({ code: 'USAGE', message: expect.stringContaining('npm install better-sqlite3') })
    })
  })
})

describe('rows that change between write and read-back', () => {
  const damages = {
    'a bit of an entry': `CREATE TRIGGER damage AFTER INSERT ON entry BEGIN
      UPDATE entry SET bytes = substr(bytes, 1, length(bytes) - 1) || x'00' WHERE idx = NEW.idx; END`,
    'a leaf': `CREATE TRIGGER damage AFTER INSERT ON leaf WHEN NEW.seal = 0 BEGIN
      UPDATE leaf SET data = zeroblob(69) WHERE idx = NEW.idx; END`,
    'a lost leaf': 'CREATE TRIGGER damage AFTER INSERT ON leaf BEGIN DELETE FROM leaf WHERE idx = NEW.idx; END',
    'an entry too many': `CREATE TRIGGER damage AFTER INSERT ON tree_head BEGIN
      INSERT INTO entry VALUES (1000, zeroblob(32), 0, zeroblob(32), zeroblob(32), zeroblob(1)); END`,
    'the root': 'CREATE TRIGGER damage AFTER INSERT ON tree_head BEGIN UPDATE tree_head SET root = zeroblob(32); END',
    'the checkpoint': `CREATE TRIGGER damage AFTER INSERT ON tree_head BEGIN UPDATE tree_head SET checkpoint = ''; END`,
  }
  for (const [what, trigger] of Object.entries(damages)) {
    it(`${what}: the turn is refused, and nothing of it is there`, async () => {
      const path = await newPath()
      const store = await sqliteStore(path)
      const db = new Database(path)
      db.exec(trigger)
      const batch = turn(null, one)
      await expect(store.commit(batch)).rejects.toMatchObject({ code: 'SELFCHECK' })
      expect(await store.treeHead()).toBeNull()
      expect(await store.leaves(0, 9)).toEqual([])
      expect(await store.entryAt(1000)).toBeNull()
      db.exec('DROP TRIGGER damage')
      await store.commit(batch)
      expect(await store.treeHead()).toEqual(batch.head)
      db.close()
      await store.close()
    })
  }
})

describe('failures', () => {
  it('a full disk refuses a turn and staged rows cleanly, reads go on, and room makes it work again', async () => {
    const db = await openWriter(await newPath())
    const store = storeOn(db)
    const first = turn(null, one)
    await store.commit(first)
    const pages = Number(db.pragma('page_count', { simple: true }))
    db.pragma(`max_page_count = ${pages + 4}`)
    const large = { digest: digest('p'), index: 2, bytes: new Uint8Array(100_000) }
    const second = turn(first.head, [{ chain: 'b', sequence: 0 }], { beside: [large] })
    await expect(store.commit(second)).rejects.toMatchObject({ code: 'FULL' })
    const rows = Array.from({ length: 256 }, (_, i) => attachment(`${i}`))
    await expect(store.stage({ attachments: rows })).rejects.toMatchObject({ code: 'FULL' })
    expect(db.inTransaction).toBe(false)
    expect(await store.treeHead()).toEqual(first.head)
    expect(await store.entries(chain('b'), -1, 9)).toEqual([])
    expect(await store.beside([digest('p')])).toEqual([null])
    expect(await store.attachment(digest('0'))).toBeNull()
    db.pragma(`max_page_count = ${pages + 1000}`)
    await store.commit(second)
    await store.stage({ attachments: rows })
    expect(await store.treeHead()).toEqual(second.head)
    await store.close()
  })

  it('a second writer’s lock is an unknown outcome', async () => {
    const path = await newPath()
    const db = await openWriter(path)
    const store = storeOn(db)
    db.pragma('busy_timeout = 0')
    const other = new Database(path)
    other.exec('BEGIN IMMEDIATE')
    await expect(store.commit(turn(null, one))).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
    await expect(store.stage({ attachments: [attachment('m')] })).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
    other.exec('ROLLBACK')
    other.close()
    await store.commit(turn(null, one))
    await store.close()
  })

  it('a write after the end is an unknown outcome', async () => {
    const store = await sqliteStore(await newPath())
    await store.close()
    await expect(store.commit(turn(null, one))).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
  })
})

describe('several connections', () => {
  it('a reader sees a turn when it is committed, and several statements of one read see one state', async () => {
    const path = await newPath()
    const store = await sqliteStore(path)
    const reads = await sqliteReads(path)
    expect(await reads.treeHead()).toBeNull()
    const batch = turn(null, one)
    await store.commit(batch)
    expect(await reads.treeHead()).toEqual(batch.head)
    expect(await reads.heads([chain('a')])).toEqual(batch.heads)
    await reads.close()
    await store.close()
  })

  it('checkpoints move the log, a passive one as far as readers let it', async () => {
    const path = await newPath()
    const store = await sqliteStore(path)
    const checkpointer = await sqliteCheckpointer(path)
    const first = turn(null, one)
    await store.commit(first)
    expect(store.walBytes()).toBeGreaterThan(4096)
    expect(checkpointer.checkpoint('passive')).toBe(true)
    const reader = await openReader(path)
    reader.exec('BEGIN')
    reader.prepare('SELECT count(*) FROM entry').get()
    await store.commit(turn(first.head, [{ chain: 'a', sequence: 1 }]))
    expect(checkpointer.checkpoint('passive')).toBe(false)
    reader.exec('COMMIT')
    expect(checkpointer.checkpoint('passive')).toBe(true)
    expect(store.checkpoint('full')).toBe(true)
    expect(store.walBytes()).toBe(0)
    expect(checkpointer.walBytes()).toBe(0)
    reader.close()
    checkpointer.close()
    await store.close()
  })

  /** Turns of some 40 KiB with whoever keeps the log called after each, a tenth of a second apart. */
  async function grow(keepers: (store: SqliteStore, now: () => number) => readonly (() => void)[]): Promise<number> {
    const store = await sqliteStore(await newPath())
    let time = 0
    const keep = keepers(store, () => time)
    let head: TreeHead | null = null
    for (let sequence = 0; sequence < 400; sequence++) {
      const value = new Uint8Array(30_000).fill(sequence)
      const batch = turn(head, [{ chain: 'a', sequence }], { facts: [{ chain: chain('a'), key: 'x', value }] })
      await store.commit(batch)
      head = batch.head
      time += 100
      for (const step of keep) step()
    }
    const length = store.walBytes()
    await store.close()
    return length
  }

  it('the log is started over between turns, and does not grow beyond what comes in a second', async () => {
    expect(await grow(() => [])).toBeGreaterThan(3 * CHECKPOINT_BYTES)
    expect(await grow((store, now) => [restMover(store, now)])).toBeLessThan(2 * CHECKPOINT_BYTES)
  })

  it('the log is cut once an hour, and a minute later where a reader held that up, who holds nobody up for long', async () => {
    const path = await newPath()
    const [hour, minute] = [3_600_000, 60_000]
    const store = await sqliteStore(path)
    let time = 0
    const move = logMover(store, () => time)
    const first = turn(null, one)
    await store.commit(first)
    time = hour - 1
    move()
    expect(store.walBytes()).toBeGreaterThan(0)
    const reader = await openReader(path)
    reader.exec('BEGIN')
    reader.prepare('SELECT count(*) FROM entry').get()
    await store.commit(turn(first.head, [{ chain: 'a', sequence: 1 }]))
    time = hour
    const full = vi.spyOn(store, 'checkpoint')
    const began = performance.now()
    move()
    // As long as a connection waits elsewhere would be five seconds.
    expect(performance.now() - began).toBeLessThan(2000)
    expect(full.mock.calls).toEqual([['full']])
    expect(store.walBytes()).toBeGreaterThan(0)
    reader.exec('COMMIT')
    time = hour + minute - 1
    move()
    expect(store.walBytes()).toBeGreaterThan(0)
    time = hour + minute
    move()
    expect(store.walBytes()).toBe(0)
    time += hour - 1
    move()
    expect(full).toHaveBeenCalledTimes(2)
    reader.close()
    await store.close()
  })

  it('a checkpoint that finds the disk full leaves the log as it is, and is no failure; any other error is one', async () => {
    const db = await openWriter(await newPath())
    let code = 'SQLITE_FULL'
    const prepare = (sql: string) =>
      sql.includes('wal_checkpoint')
        ? {
            get() {
              throw new Database.SqliteError('no', code)
            },
          }
        : db.prepare(sql)
    const store = storeOn(
      new Proxy(db, { get: (of, name) => (name === 'prepare' ? prepare : Reflect.get(of, name, of)) }),
    )
    const first = turn(null, one)
    await store.commit(first)
    expect([store.checkpoint('passive'), store.checkpoint('full')]).toEqual([false, false])
    await store.commit(turn(first.head, [{ chain: 'a', sequence: 1 }]))
    code = 'SQLITE_IOERR_FSYNC'
    expect(() => store.checkpoint('passive')).toThrow(Database.SqliteError)
    db.close()
  })

  it('erased bytes are gone from the files after a full checkpoint', async () => {
    const path = await newPath()
    const store = await sqliteStore(path)
    const secret = Buffer.from('a purpose that was sealed to nobody else')
    const bytes = new Uint8Array(Buffer.concat(Array.from({ length: 200 }, () => secret)))
    await store.commit(turn(null, one, { beside: [{ digest: digest('p'), index: 0, bytes }] }))
    store.checkpoint('full')
    const holds = async (): Promise<boolean> =>
      (await readFile(path)).includes(secret) || (await readFile(`${path}-wal`)).includes(secret)
    expect(await holds()).toBe(true)
    await store.eraseBeside([digest('p')])
    store.checkpoint('full')
    expect(await holds()).toBe(false)
    await store.close()
  })
})
