import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inflateSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sampleSections } from '../demo/samples.mjs'

const main = fileURLToPath(new URL('../demo/main.mjs', import.meta.url))

/** Runs the demonstration with a temporary folder of its own, so that what it leaves behind is seen. */
function start(folder: string, files: readonly string[] = []) {
  const env = { ...process.env, TMPDIR: folder, NO_COLOR: '1' }
  const child = spawn(process.execPath, [main, ...files], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => void (output += chunk))
  return { child, output: () => output, ended: once(child, 'exit') as Promise<[number | null]> }
}

describe('the demonstration', { timeout: 120_000 }, () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sealchart-demo-test-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  test('holds everything it says, fits a terminal, and leaves nothing behind', async () => {
    const { output, ended } = start(folder)
    expect(await ended, output()).toEqual([0, null])
    expect(output()).toContain('Everything held')
    expect(output()).not.toContain('✗')
    expect(output().match(/✓/g)?.length).toBeGreaterThan(35)
    for (const line of output().split('\n')) expect(line.length).toBeLessThanOrEqual(100)
    expect(await readdir(folder)).toEqual([])
  })

  test('takes files of one’s own', async () => {
    const own = await mkdtemp(join(tmpdir(), 'sealchart-demo-files-'))
    const files = ['note.txt', 'empty.txt', 'same.json'].map((name) => join(own, name))
    const texts = ['A note of the user’s own, which is nobody else’s business.', '', '{"resourceType":"Basic"}']
    await Promise.all(files.map((path, i) => writeFile(path, texts[i] ?? '')))
    const { output, ended } = start(folder, [...files, files[2] as string])
    expect(await ended, output()).toEqual([0, null])
    expect(output()).toContain('note.txt, empty.txt')
    expect(output()).toContain('same.json, 2-same.json')
    await rm(own, { recursive: true })
  })

  test('cleans up when it is interrupted', async () => {
    const { child, output, ended } = start(folder)
    while (!output().includes('Dr Chan makes')) await once(child.stdout, 'data')
    child.kill('SIGINT')
    expect(await ended, output()).toEqual([130, null])
    expect(await readdir(folder)).toEqual([])
    expect(output()).not.toContain('Error')
  })

  test('fails, and says so, with a file that is not there', async () => {
    const { output, ended } = start(folder, [join(folder, 'missing.pdf')])
    expect(await ended, output()).toEqual([1, null])
    expect(output()).toContain('ENOENT')
    expect(await readdir(folder)).toEqual([])
  })
})

describe('the samples', () => {
  const find = async (name: string): Promise<Buffer> => {
    const file = Object.values(await sampleSections([]))
      .flat()
      .find((one) => one.name === name)
    return Buffer.from(file?.data ?? '')
  }

  test('a PDF whose cross-reference table leads to its objects', async () => {
    const pdf = (await find('referral.pdf')).toString('latin1')
    expect(pdf).toMatch(/^%PDF-1\.4\n/)
    const at = Number(/startxref\n(\d+)\n%%EOF\n$/.exec(pdf)?.[1])
    expect(pdf.slice(at)).toMatch(/^xref\n0 5\n/)
    const offsets = [...pdf.slice(at).matchAll(/^(\d{10}) 00000 n $/gm)].map(([, offset]) => Number(offset))
    expect(offsets.map((offset) => pdf.slice(offset, offset + 7))).toEqual([1, 2, 3, 4].map((n) => `${n} 0 obj`))
    const [, length, stream] = /\/Length (\d+) >>\nstream\n([^]*?)\nendstream/.exec(pdf) ?? []
    expect(stream?.length).toBe(Number(length))
  })

  test('a DICOM series whose meta header and elements have the lengths that they say', async () => {
    const slice = await find('ct-002.dcm')
    expect(slice.subarray(0, 128).every((byte) => byte === 0)).toBe(true)
    expect(slice.toString('latin1', 128, 132)).toBe('DICM')
    const meta = 144 + slice.readUInt32LE(140)
    let at = 132
    let last = 0
    while (at < slice.length) {
      const tag = slice.readUInt16LE(at) * 65_536 + slice.readUInt16LE(at + 2)
      expect(tag).toBeGreaterThan(last)
      if (at === meta) expect(tag).toBe(0x0008_0016)
      const long = ['OB', 'OW'].includes(slice.toString('latin1', at + 4, at + 6))
      const length = long ? slice.readUInt32LE(at + 8) : slice.readUInt16LE(at + 6)
      expect(length % 2).toBe(0)
      at += (long ? 12 : 8) + length
      last = tag
    }
    expect([at, last]).toEqual([slice.length, 0x7fe0_0010])
  })

  test('a PNG of as many rows as it says', async () => {
    const png = await find('rash.png')
    expect(png.subarray(1, 4).toString()).toBe('PNG')
    const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)]
    const data = png.subarray(41, 41 + png.readUInt32BE(33))
    expect(inflateSync(data).length).toBe(height * (1 + 3 * width))
  })

  test('HL7 in segments, FHIR as a bundle', async () => {
    const segments = (await find('troponin.hl7')).toString().split('\r')
    expect(segments.map((segment) => segment.slice(0, 3))).toEqual(['MSH', 'PID', 'OBR', 'OBX', 'OBX', 'NTE', ''])
    const bundle = JSON.parse((await find('summary.fhir.json')).toString())
    expect(bundle).toMatchObject({ resourceType: 'Bundle', type: 'collection' })
    expect(bundle.entry).toHaveLength(3)
  })
})
