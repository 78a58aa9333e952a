// Files and folders that are passed by their path: what is read, in which order, and what is refused.
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fromFolder } from '../src/files-node.js'
import type { AnywhereSource } from '../src/source.js'
import { collectSources, toSource } from '../src/sources.js'
import { codeOf } from './support.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sealchart-sources-'))
  await mkdir(join(folder, 'series 1', 'raw'), { recursive: true })
  await writeFile(join(folder, 'report.pdf'), 'pdf')
  await writeFile(join(folder, 'series 1', '002.dcm'), 'two')
  await writeFile(join(folder, 'series 1', '001.dcm'), 'one')
  await writeFile(join(folder, 'series 1', 'raw', 'a'), '')
  await writeFile(join(folder, '.hidden'), 'x')
  await symlink('/etc/hostname', join(folder, 'link'))
})
afterAll(() => rm(folder, { recursive: true }))

const read = async (source: AnywhereSource): Promise<Uint8Array> => source.read(0, source.length)

test('a path is a file on disk, which workers may read themselves', async () => {
  const path = join(folder, 'report.pdf')
  const source = (await toSource(path)) as AnywhereSource
  expect(source).toMatchObject({
    name: 'report.pdf',
    path: '',
    mediaType: 'application/pdf',
    length: 3,
    location: path,
  })
  expect(Buffer.from(await read(source)).toString()).toBe('pdf')
  expect(source.modified).toBeGreaterThan(1e12)
})

test('a folder gives its files in order, with their folders, without hidden files and links', async () => {
  const sources = await collectSources(fromFolder(folder))
  expect(sources.map(({ path, name }) => [path, name])).toEqual([
    ['', 'report.pdf'],
    ['series 1', '001.dcm'],
    ['series 1', '002.dcm'],
    ['series 1/raw', 'a'],
  ])
})

test('a path where nothing can be read is USAGE', async () => {
  expect(await codeOf(toSource(join(folder, 'missing')))).toBe('USAGE')
  expect(await codeOf(toSource(folder))).toBe('USAGE')
  expect(await codeOf(collectSources(fromFolder(join(folder, 'missing'))))).toBe('USAGE')
})

test('a file that shrank is SOURCE_CHANGED', async () => {
  const path = join(folder, 'report.pdf')
  const source = (await toSource(path)) as AnywhereSource
  await truncate(path, 1)
  expect(await codeOf(read(source))).toBe('SOURCE_CHANGED')
  expect(await source.isUnchanged()).toBe(false)
  await rm(path)
  expect(await codeOf(read(source))).toBe('SOURCE_CHANGED')
  expect(await source.isUnchanged()).toBe(false)
})
