import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { concat, encode, hashBytes, ready, type TreeHash, utf8, verify } from '@sealchart/protocol'
import { afterAll, describe, expect, it } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import { type HeadLock, memoryHeadLock } from '../src/head-lock.js'
import { headLockFolder, openHeadLock } from '../src/head-lock-files.js'
import { logKey } from '../src/log-key.js'
import { flipped, named } from './turns.js'

const root = await mkdtemp(join(tmpdir(), 'sealchart-lock-'))
afterAll(() => rm(root, { recursive: true }))
const newDir = async (): Promise<string> => join(await mkdtemp(join(root, 'dir-')), 'data')
const origin = 'log.example/test'
const options = { origin, create: true, random: randomBytes }
const signed = (size: number) => ({
  size,
  root: named(`root ${size}`) as TreeHash,
  checkpoint: `${origin}\n${size}\nnote\n`,
})

const SLOT = 64 * 1024
const headFile = (dir: string): string => join(headLockFolder(dir), 'head')

function headLockSuite(name: string, make: () => Promise<HeadLock>): void {
  describe(`${name}: head lock`, () => {
    it('begins without a head and never goes back', async () => {
      const lock = await make()
      expect(lock.latest()).toBeNull()
      await lock.advance(signed(2))
      await lock.advance(signed(5))
      await lock.advance(signed(5))
      expect(lock.latest()).toEqual(signed(5))
      await expect(lock.advance(signed(4))).rejects.toMatchObject({ code: 'LOCK_AHEAD' })
      const other = { ...signed(5), root: flipped(signed(5).root) }
      await expect(lock.advance(other)).rejects.toMatchObject({ code: 'LOG_INCONSISTENT' })
      await lock.advance(signed(6))
      expect(lock.latest()).toEqual(signed(6))
      await lock.close()
    })

    it('takes calls one after the other', async () => {
      const lock = await make()
      await Promise.all(Array.from({ length: 20 }, (_, i) => lock.advance(signed(i + 1))))
      expect(lock.latest()).toEqual(signed(20))
      await lock.close()
    })

    it('keeps its head apart from the caller’s buffers', async () => {
      const lock = await make()
      const head = signed(2)
      await lock.advance(head)
      head.root.fill(0)
      expect(lock.latest()).toEqual(signed(2))
      await lock.close()
    })

    it('signs what the public key verifies', async () => {
      await ready()
      const lock = await make()
      const { key } = lock
      expect(key.key.name).toBe(origin)
      expect(key.origin).toBe(origin)
      expect(verify(key.publicKey, utf8('message'), key.sign(utf8('message')))).toBe(true)
      expect(verify(key.publicKey, utf8('other'), key.sign(utf8('message')))).toBe(false)
      await lock.close()
    })
  })
}

headLockSuite('memory', async () => memoryHeadLock(origin, named('seed')))
headLockSuite('files', async () => openHeadLock(await newDir(), options))

describe('the log’s key', () => {
  it('is RFC 8032’s for its seed', async () => {
    const seed = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex')
    const key = await logKey(origin, seed)
    expect(Buffer.from(key.publicKey).toString('hex')).toBe(
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    )
    expect(Buffer.from(key.sign(new Uint8Array())).toString('hex').slice(0, 16)).toBe('e5564300c360ac72')
  })

  it('refuses a seed of another length and a name that is none', async () => {
    await expect(logKey(origin, new Uint8Array(31))).rejects.toMatchObject({ code: 'USAGE' })
    await expect(logKey('two words', new Uint8Array(32))).rejects.toMatchObject({ code: 'KEY_FORMAT' })
  })
})

describe('the lock’s folder', () => {
  it('keeps key and head, for the relay’s user alone', async () => {
    const dir = await newDir()
    const first = await openHeadLock(dir, options)
    await first.advance(signed(3))
    await first.close()
    const folder = headLockFolder(dir)
    expect(folder).toBe(`${dir}.local`)
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
    expect((await stat(join(folder, 'key'))).mode & 0o777).toBe(0o600)
    expect((await readFile(join(folder, 'key'))).length).toBe(32)
    const second = await openHeadLock(dir, { ...options, create: false })
    expect(second.latest()).toEqual(signed(3))
    expect(second.key.publicKey).toEqual(first.key.publicKey)
    await second.close()
  })

  it('is not made beside a store that has entries', async () => {
    const dir = await newDir()
    await expect(openHeadLock(dir, { ...options, create: false })).rejects.toMatchObject({ code: 'LOCK_MISSING' })
    await expect(stat(headLockFolder(dir))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('is refused with a part missing, and never gets a new key beside a head', async () => {
    for (const [part, create] of [
      ['key', true],
      ['key', false],
      ['head', false],
    ] as const) {
      const dir = await newDir()
      await (await openHeadLock(dir, options)).close()
      await rm(join(headLockFolder(dir), part))
      await expect(openHeadLock(dir, { ...options, create })).rejects.toMatchObject({ code: 'LOCK_MISSING' })
    }
  })

  it('is finished after a crash while it was made', async () => {
    const dir = await newDir()
    const first = await openHeadLock(dir, options)
    await first.close()
    await rm(headFile(dir))
    await writeFile(join(headLockFolder(dir), 'head.new'), 'half')
    const second = await openHeadLock(dir, options)
    expect(second.key.publicKey).toEqual(first.key.publicKey)
    expect(second.latest()).toBeNull()
    await second.close()
    expect((await readdir(headLockFolder(dir))).sort()).toEqual(['head', 'key', 'lock'])
  })

  it('is refused when others may read the key, or under another name', async () => {
    const dir = await newDir()
    const lock = await openHeadLock(dir, options)
    await lock.advance(signed(1))
    await lock.close()
    await expect(openHeadLock(dir, { ...options, origin: 'other.example' })).rejects.toMatchObject({ code: 'USAGE' })
    await chmod(join(headLockFolder(dir), 'key'), 0o640)
    await expect(openHeadLock(dir, options)).rejects.toMatchObject({ code: 'USAGE' })
    await chmod(join(headLockFolder(dir), 'key'), 0o600)
    await (await openHeadLock(dir, options)).close()
  })
})

describe('slots', () => {
  /** A lock that has advanced to `sizes`, closed. */
  const advanced = async (sizes: readonly number[]): Promise<string> => {
    const dir = await newDir()
    const lock = await openHeadLock(dir, options)
    for (const size of sizes) await lock.advance(signed(size))
    await lock.close()
    return dir
  }
  const overwrite = async (dir: string, position: number, bytes: Uint8Array): Promise<void> => {
    const handle = await open(headFile(dir), 'r+')
    await handle.write(bytes, 0, bytes.length, position)
    await handle.close()
  }
  const latestOf = async (dir: string): Promise<number | undefined> => {
    const lock = await openHeadLock(dir, { ...options, create: false })
    const size = lock.latest()?.size
    await lock.close()
    return size
  }

  it('are written in turn', async () => {
    const dir = await advanced([1, 2, 3])
    expect((await readFile(headFile(dir))).length).toBe(2 * SLOT)
    expect(await latestOf(dir)).toBe(3)
    await overwrite(dir, SLOT, new Uint8Array(SLOT))
    expect(await latestOf(dir)).toBe(2)
    const again = await openHeadLock(dir, options)
    await again.advance(signed(4))
    await again.close()
    expect(await latestOf(dir)).toBe(4)
    await overwrite(dir, SLOT, new Uint8Array(SLOT))
    expect(await latestOf(dir)).toBe(2)
  })

  it('survive a write that was torn at any byte', async () => {
    const dir = await advanced([1, 2])
    const before = await readFile(headFile(dir))
    const lock = await openHeadLock(dir, options)
    await lock.advance(signed(3))
    await lock.close()
    const after = await readFile(headFile(dir))
    const changed = [...after.keys()].filter((i) => after[i] !== before[i])
    const end = (changed.at(-1) ?? 0) + 1
    const step = Math.max(1, Math.ceil((end - SLOT) / effort(40, 1000)))
    for (let cut = SLOT; cut <= end; cut += cut === end ? 1 : Math.min(step, end - cut)) {
      const torn = Buffer.concat([after.subarray(0, cut), before.subarray(cut)])
      await writeFile(headFile(dir), torn)
      // Whole when every byte that differs was written.
      expect(await latestOf(dir)).toBe(Buffer.compare(torn, after) === 0 ? 3 : 2)
    }
  })

  it('with a note that is no text count as torn, though their hash fits', async () => {
    const dir = await advanced([1, 2])
    const body = encode([1, 9, 0, new Uint8Array(32), Uint8Array.of(0xff)])
    const length = Uint8Array.of(0, 0, 0, body.length)
    await overwrite(dir, SLOT, concat(hashBytes('headLock', body), length, body))
    expect(await latestOf(dir)).toBe(2)
  })

  it('with a changed bit count as torn; with neither whole there is no lock', async () => {
    const dir = await advanced([1, 2, 3])
    const good = await readFile(headFile(dir))
    for (const at of [0, 31, 32, 35, 36, 40, 80, 99]) {
      const bad = Buffer.from(good)
      bad[SLOT + at] = (bad[SLOT + at] ?? 0) ^ 1
      await writeFile(headFile(dir), bad)
      expect(await latestOf(dir)).toBe(2)
      bad[at] = (bad[at] ?? 0) ^ 1
      await writeFile(headFile(dir), bad)
      await expect(latestOf(dir)).rejects.toMatchObject({ code: 'LOCK_MISSING' })
    }
    await writeFile(headFile(dir), '')
    await expect(latestOf(dir)).rejects.toMatchObject({ code: 'LOCK_MISSING' })
  })
})

describe('one process', () => {
  const held = (child: ChildProcess): Promise<void> =>
    new Promise((resolve, reject) => {
      child.stdout?.once('data', () => resolve())
      child.once('exit', (code) => reject(new Error(`the holder ended with ${code}`)))
    })
  const ended = (child: ChildProcess): Promise<unknown> => new Promise((resolve) => child.once('exit', resolve))
  const holder = fileURLToPath(new URL('hold-head-lock.mjs', import.meta.url))

  it('is admitted at a time, and one that is killed blocks nobody', async () => {
    const dir = await newDir()
    const child = spawn(process.execPath, [holder, dir], { stdio: ['ignore', 'pipe', 'inherit'] })
    await held(child)
    await expect(openHeadLock(dir, options)).rejects.toMatchObject({ code: 'LOCK_HELD' })
    const end = ended(child)
    child.kill('SIGKILL')
    await end
    const lock = await openHeadLock(dir, options)
    const second = spawn(process.execPath, [holder, dir], { stdio: ['ignore', 'pipe', 'ignore'] })
    await expect(held(second)).rejects.toThrow('ended with 1')
    await lock.close()
  })

  it('does not open it twice either', async () => {
    const dir = await newDir()
    const lock = await openHeadLock(dir, options)
    await expect(openHeadLock(dir, options)).rejects.toMatchObject({ code: 'LOCK_HELD' })
    await lock.close()
    await (await openHeadLock(dir, options)).close()
  })

  it('starts once of many that start together, after a crash too', async () => {
    const dir = await newDir()
    const lock = await openHeadLock(dir, options)
    await lock.close()
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => openHeadLock(dir, options)))
    const winners = results.filter(({ status }) => status === 'fulfilled')
    expect(winners).toHaveLength(1)
    for (const result of results) if (result.status === 'fulfilled') await result.value.close()
  })
})
