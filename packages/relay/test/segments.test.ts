import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { fileSegments } from '../src/segments/files.js'
import { sharedSyncs } from '../src/segments/folder-syncs.js'
import { memorySegments } from '../src/segments/memory.js'
import { openFiles } from '../src/segments/open-files.js'
import { namesOf, segmentsSuite } from './segments-suite.js'

const root = await mkdtemp(join(tmpdir(), 'sealchart-segments-'))
afterAll(() => rm(root, { recursive: true }))
const newFolder = (): Promise<string> => mkdtemp(join(root, 'dir-'))

segmentsSuite('memory', async () => memorySegments())
segmentsSuite('files', async () => fileSegments(await newFolder(), randomBytes))

describe('files: the disk', () => {
  it('finds everything again', async () => {
    const dir = await newFolder()
    const first = await fileSegments(dir, randomBytes)
    const file = await first.write([Uint8Array.of(1, 2, 3)])
    await first.close()
    const second = await fileSegments(dir, randomBytes)
    expect(await namesOf(second)).toEqual([file])
    expect([...(await second.read({ file, offset: 1, length: 2 }))]).toEqual([2, 3])
    await second.close()
  })

  it('keeps its files from other users of the machine', async () => {
    const dir = await newFolder()
    const segments = await fileSegments(dir, randomBytes)
    const file = await segments.write([Uint8Array.of(1)])
    expect((await stat(join(dir, 'objects'))).mode & 0o777).toBe(0o700)
    expect((await stat(join(dir, 'objects', file.slice(0, 2)))).mode & 0o777).toBe(0o700)
    expect((await stat(join(dir, 'objects', file.slice(0, 2), file))).mode & 0o777).toBe(0o600)
    await segments.close()
  })

  it('never writes a name twice', async () => {
    const segments = await fileSegments(await newFolder(), () => new Uint8Array(16))
    const place = { file: await segments.write([Uint8Array.of(1)]), offset: 0, length: 1 }
    await expect(segments.write([Uint8Array.of(2)])).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
    expect([...(await segments.read(place))]).toEqual([1])
    await segments.close()
  })

  it('refuses names that are no names', async () => {
    const dir = await newFolder()
    const segments = await fileSegments(dir, randomBytes)
    await writeFile(join(dir, 'objects', 'note.txt'), 'x')
    for (const file of ['../note.txt', 'note.txt', '', `${'0'.repeat(31)}/`, '0'.repeat(33), 'F'.repeat(32)]) {
      await expect(segments.read({ file, offset: 0, length: 1 })).rejects.toMatchObject({ code: 'INTERNAL' })
      await expect(segments.remove([file])).rejects.toMatchObject({ code: 'INTERNAL' })
    }
    expect(await namesOf(segments)).toEqual([])
    await segments.close()
  })
})

describe('shared syncs', () => {
  it('one sync answers for all who came before it began, and never for one who came later', async () => {
    const begun: (() => void)[] = []
    const sync = sharedSyncs(() => new Promise<void>((resolve) => void begun.push(resolve)))
    const order: string[] = []
    const first = sync('f').then(() => order.push('first'))
    const later = [sync('f'), sync('f')].map((promise) => promise.then(() => order.push('later')))
    const other = sync('g').then(() => order.push('other'))
    expect(begun).toHaveLength(2)
    begun[0]!()
    await first
    expect(begun).toHaveLength(3)
    expect(order).toEqual(['first'])
    begun[1]!()
    begun[2]!()
    await Promise.all([...later, other])
    expect(order.sort()).toEqual(['first', 'later', 'later', 'other'])
    void sync('f')
    expect(begun).toHaveLength(4)
  })

  it('a failed sync fails those who waited for it, and not the next', async () => {
    let calls = 0
    const sync = sharedSyncs(async () => {
      calls += 1
      if (calls === 1) throw new Error('EIO')
    })
    const results = await Promise.allSettled([sync('f'), sync('f')])
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
    await sync('f')
    expect(calls).toBe(3)
  })
})

describe('open files', () => {
  it('closes the least recently used, and none that is being read', async () => {
    const dir = await newFolder()
    const paths = ['a', 'b', 'c'].map((name) => join(dir, name))
    for (const path of paths) await writeFile(path, 'x')
    const files = openFiles(1)
    const seen = new Set<number>()
    const read = (path: string) =>
      files.use(path, async (handle) => {
        seen.add(handle.fd)
        const { bytesRead } = await handle.read(new Uint8Array(1), 0, 1, 0)
        return bytesRead
      })
    expect(await Promise.all(paths.flatMap((path) => [read(path), read(path)]))).toEqual([1, 1, 1, 1, 1, 1])
    await files.use(paths[0]!, async (held) => {
      for (const path of paths) await read(path)
      await files.drop(paths[0]!)
      expect((await held.stat()).size).toBe(1)
    })
    await files.close()
    await expect(files.use(join(dir, 'none'), async () => 1)).rejects.toMatchObject({ code: 'ENOENT' })
    await writeFile(join(dir, 'none'), 'x')
    expect(await read(join(dir, 'none'))).toBe(1)
    await files.close()
  })
})
