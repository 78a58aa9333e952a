// What may be passed as a file: every form, its name, type and place, and what is refused before anything is read.
import { describe, expect, test } from 'vitest'
import { fromFolder as webFolder, openPath as webPath, fileVault as webVault } from '../src/files-web.js'
import type { AnywhereSource } from '../src/source.js'
import { collectSources, fromFiles, mediaTypeOf, toSource } from '../src/sources.js'
import { codeOf, seeded } from './support.js'

const data = seeded(100)
const read = async (source: AnywhereSource): Promise<Uint8Array> => source.read(0, source.length)

describe('forms', () => {
  const forms: Record<string, () => Parameters<typeof toSource>[0]> = {
    bytes: () => data,
    'a Blob': () => new Blob([data]),
    'a File': () => new File([data], 'x', { lastModified: 5 }),
    'bytes with a name': () => ({ data, name: 'x' }),
    'a Blob with a name': () => ({ data: new Blob([data]), name: 'x' }),
  }
  test.each(Object.entries(forms))('%s can be read anywhere', async (_name, form) => {
    const [source] = (await collectSources(form())) as [AnywhereSource]
    expect(source.kind).toBe('anywhere')
    expect(await read(source)).toEqual(data)
    expect(await source.read(10, 5)).toEqual(data.slice(10, 15))
    expect(await source.isUnchanged()).toBe(true)
    expect(await collectSources([form()])).toHaveLength(1)
  })

  test('a stream is read once, its length known only if told', async () => {
    expect(await toSource(new Blob([data]).stream() as ReadableStream<Uint8Array>)).toMatchObject({
      kind: 'once',
      length: null,
    })
    expect(await toSource({ data: new ReadableStream(), length: 7, modified: new Date(3) })).toMatchObject({
      length: 7,
      modified: 3,
    })
  })

  test('a browser’s folder picker keeps the structure below the chosen folder', async () => {
    const file = new File([data], '1.dcm', { type: 'application/dicom', lastModified: 9 })
    Object.defineProperty(file, 'webkitRelativePath', { value: 'study/series 1/1.dcm' })
    const [source] = await collectSources(fromFiles([file]))
    expect(source).toMatchObject({
      name: '1.dcm',
      path: 'series 1',
      mediaType: 'application/dicom',
      modified: 9,
      length: 100,
    })
  })

  test('nothing is read from a Blob or folder that only passes through', async () => {
    let pulled = 0
    const stream = new ReadableStream({ pull: () => void pulled++ }, { highWaterMark: 0 })
    await toSource(stream)
    expect(pulled).toBe(0)
  })
})

test.each([
  ['a.pdf', 'application/pdf'],
  ['A.DCM', 'application/dicom'],
  ['patient.fhir.json', 'application/fhir+json'],
  ['patient.FHIR.xml', 'application/fhir+xml'],
  ['a.json', 'application/json'],
  ['a.tar.unknown', ''],
  ['constructor', ''],
  ['a.constructor', ''],
  ['pdf', ''],
])('the media type of %s is %j', (name, type) => expect(mediaTypeOf(name)).toBe(type))

describe('names', () => {
  test('what was told goes before what the data says', async () => {
    const file = new File([data], 'x.png', { type: 'image/png', lastModified: 5 })
    expect(await toSource(file)).toMatchObject({ name: 'x.png', mediaType: 'image/png', modified: 5 })
    const told = { data: file, name: 'y.pdf', type: 'text/plain', path: 'a/b', modified: 6 }
    expect(await toSource(told)).toMatchObject({ name: 'y.pdf', mediaType: 'text/plain', path: 'a/b', modified: 6 })
  })

  test('two spellings of one name become one', async () => {
    const source = await toSource({ data, name: 'Ma\u0308rz.pdf' })
    expect(source.name).toBe('M\u00e4rz.pdf')
  })

  test.each(['', '.', '..', 'a/b', 'a\\b', 'a\u0000', 'a\nb', '\u202egpj.exe', 'a'.repeat(501)])(
    '%j is no file name',
    async (name) => {
      expect(await codeOf(toSource({ data, name }))).toBe('USAGE')
    },
  )
  test.each(['/a', 'a/', 'a//b', '..', 'a/../b', 'a\\b', './a'])('%j is no path of folders', async (path) => {
    expect(await codeOf(toSource({ data, path }))).toBe('USAGE')
  })
  test('name and folders have room in a header, to the byte', async () => {
    const name = 'é'.repeat(100)
    expect(await codeOf(toSource({ data, name, path: 'a'.repeat(500) }))).toBe('none')
    expect(await codeOf(toSource({ data, name, path: 'a'.repeat(501) }))).toBe('USAGE')
  })
  test.each(['tëxt/plain', 'a'.repeat(128), 'a\nb'])('%j is no media type', async (type) => {
    expect(await codeOf(toSource({ data, type }))).toBe('USAGE')
  })
})

test('what is no file is USAGE', async () => {
  for (const wrong of [null, undefined, 5, true, {}, { data: 5 }, { data: null }, [5], [null]]) {
    expect(await codeOf(collectSources(wrong as never))).toBe('USAGE')
  }
})

test('where there is no file system, paths are USAGE with what to use instead', async () => {
  expect(await codeOf(webPath('a', () => ({ name: 'a', mediaType: '', path: '', modified: null })))).toBe('USAGE')
  expect(() => webFolder('a')).toThrow('fromFiles')
  expect(() => webVault('a', 'b')).toThrow('Node')
})
