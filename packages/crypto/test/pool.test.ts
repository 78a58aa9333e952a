// The work of one worker, inline; then real workers, from the built package, because a thread needs JavaScript.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { startSealPool as startBuiltPool } from '../dist/pool-node.js'
import { systemRandom } from '../src/check.js'
import type { Aead, Nonce, Sealed } from '../src/cipher.js'
import { cipher } from '../src/cipher-node.js'
import { joinSegment, nameSegment, startOpening, startSealing } from '../src/floe.js'
import type { FloeParameters } from '../src/floe-layout.js'
import { createWorker, type FromWorker, type NamedSegment, type SealPool, type Source } from '../src/pool.js'
import { startSealPool as noPool } from '../src/pool-web.js'
import { counted, filled, flip } from './support.js'

const parameters: FloeParameters = { segmentLength: 64, rotationBits: 20 }
const key = filled(1)
const aad = filled(2, 20)
const content = filled(3)
const { header, sealSegment } = startSealing(key, aad, { parameters, random: counted() })
const file = { key, aad, header, parameters }
const folder = mkdtempSync(join(tmpdir(), 'sealchart-pool-'))
const path = join(folder, 'source')
writeFileSync(path, Buffer.concat([content, filled(4, 10)]))
afterAll(() => rmSync(folder, { recursive: true }))

/** The code of whatever is thrown: errors of the built package have a class of their own. */
async function codeOf(action: () => unknown): Promise<string> {
  try {
    await action()
    return 'accepted'
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}

const read = (source: Source): Uint8Array => {
  if (!('bytes' in source)) throw new Error('this test reads no file')
  return source.bytes
}
const place = { position: 0, final: true }

describe('one worker', () => {
  const named = async () => {
    const bytes = joinSegment(await sealSegment(content, 0, true)) as Uint8Array<ArrayBuffer>
    return { bytes, name: await nameSegment(bytes) }
  }

  test.each([true, false])('seals, names and opens (check: %s); a file that has ended is forgotten', async (check) => {
    const work = createWorker(read)
    expect(await work({ kind: 'begin', file: 7, mode: 'seal', content: file })).toBeNull()
    const source = { bytes: content.slice() }
    const job = { kind: 'job', file: 7, id: 1, job: { kind: 'seal', source, check, ...place } } as const
    const { result } = (await work(job)) as { result: NamedSegment }
    expect(result.name).toEqual(await nameSegment(result))
    expect(result.iv).toEqual(result.prefix.subarray(4))
    expect(await startOpening(key, aad, header, parameters).openSegment(result, 0, true)).toEqual(content)
    expect(await work({ kind: 'end', file: 7 })).toBeNull()
    expect(await work(job)).toMatchObject({ id: 1, code: 'USAGE' })
  })

  test('a file that was opened and has ended is forgotten too', async () => {
    const work = createWorker(read)
    await work({ kind: 'begin', file: 7, mode: 'open', content: file })
    const segment = await named()
    const job = { kind: 'job', file: 7, id: 1, job: { kind: 'open', segment, ...place } } as const
    expect(await work(job)).toMatchObject({ id: 1, result: content })
    await work({ kind: 'end', file: 7 })
    expect(await work(job)).toMatchObject({ id: 1, code: 'USAGE' })
  })

  test.each([
    [true, { code: 'SELFCHECK' }],
    [false, { result: {} }],
  ])('opens what it sealed before it answers (check: %s)', async (check, expected) => {
    const work = createWorker(read)
    await work({ kind: 'begin', file: 7, mode: 'seal', content: file })
    const { aead } = cipher
    // A bit of the memory flips in between.
    const faulty = vi.spyOn(cipher, 'aead').mockImplementation((key) => {
      const sound = aead(key) as Aead
      const seal = (nonce: Nonce, plaintext: Uint8Array) => {
        const sealed = sound.seal(nonce, plaintext) as Sealed
        return { ...sealed, body: flip(sealed.body, 0) }
      }
      return { ...sound, seal }
    })
    const source = { bytes: content.slice() }
    const answer = await work({ kind: 'job', file: 7, id: 1, job: { kind: 'seal', source, check, ...place } })
    faulty.mockRestore()
    expect(answer).toMatchObject(expected)
  })

  test('answers with codes: a wrong name, a wrong segment, another file’s job', async () => {
    const work = createWorker(read)
    await work({ kind: 'begin', file: 1, mode: 'open', content: file })
    const segment = await named()
    const open = (changed: typeof segment, file = 1): Promise<FromWorker | null> =>
      work({ kind: 'job', file, id: 2, job: { kind: 'open', segment: changed, ...place } })
    expect(await open(segment)).toEqual({ id: 2, result: content })
    const bytes = flip(segment.bytes, 200)
    expect(await open({ ...segment, bytes })).toMatchObject({ code: 'SEGMENT' })
    expect(await open({ ...segment, name: segment.name.subarray(1) })).toMatchObject({ code: 'SEGMENT' })
    expect(await open({ bytes, name: await nameSegment(bytes) })).toMatchObject({ code: 'UNAUTHENTIC' })
    expect(await open(segment, 2)).toMatchObject({ code: 'USAGE' })
  })

  test('an error that is not ours becomes INTERNAL, and says nothing of what it was', async () => {
    const work = createWorker(read)
    await work({ kind: 'begin', file: 1, mode: 'seal', content: file })
    const source = { path: '/a/patient', offset: 0, length: 1, size: 1 }
    const answer = await work({ kind: 'job', file: 1, id: 3, job: { kind: 'seal', source, check: true, ...place } })
    expect(answer).toEqual({ id: 3, code: 'INTERNAL', message: 'a sealing worker failed' })
  })
})

describe('two workers', () => {
  const withPool = async (use: (pool: SealPool) => Promise<void>): Promise<void> => {
    if (startBuiltPool === null) throw new Error('Node has a pool')
    const pool = startBuiltPool(2)
    try {
      await use(pool)
    } finally {
      await pool.close()
    }
  }

  test('seal from memory and from a file, and open again', () =>
    withPool(async (pool) => {
      const sealing = pool.seal(file)
      const bytes = content.slice()
      const first = sealing.sealSegment({ bytes }, 0, false)
      expect(bytes.length, 'the memory has moved').toBe(0)
      // 10 bytes of the file and 4 of padding, as the last piece of a padded file has them.
      const second = sealing.sealSegment({ path, offset: 32, length: 10, size: 14 }, 1, true)
      const segments = await Promise.all([first, second])
      sealing.end()
      const opening = pool.open(file)
      const opened = await Promise.all(
        segments.map((segment, i) => {
          const moved = new Uint8Array(Buffer.concat([segment.prefix, segment.body, segment.tag]))
          return opening.openSegment({ bytes: moved, name: segment.name }, i, i === 1)
        }),
      )
      opening.end()
      expect(opened).toEqual([content, new Uint8Array([...filled(4, 10), 0, 0, 0, 0])])
    }))

  test('a view into larger memory is copied, not taken along', () =>
    withPool(async (pool) => {
      const around = new Uint8Array([9, ...content, 9])
      const sealed = await pool.seal(file).sealSegment({ bytes: around.subarray(1, 33) }, 0, true)
      expect(around.length).toBe(34)
      expect(await startOpening(key, aad, header, parameters).openSegment(sealed, 0, true)).toEqual(content)
    }))

  test('errors come back with their codes', () =>
    withPool(async (pool) => {
      expect(await codeOf(() => pool.seal({ ...file, key: filled(9) }))).toBe('COMMITMENT')
      expect(await codeOf(() => pool.open({ ...file, header: header.subarray(1) }))).toBe('UNAUTHENTIC')
      const sealing = pool.seal(file)
      expect(await codeOf(() => sealing.sealSegment({ bytes: filled(5, 33) }, 0, true))).toBe('USAGE')
      const beyond = { path, offset: 32, length: 11, size: 14 }
      expect(await codeOf(() => sealing.sealSegment(beyond, 0, true))).toBe('SOURCE_CHANGED')
      expect(await codeOf(() => sealing.sealSegment({ ...beyond, path: `${path}-none` }, 0, true))).toBe(
        'SOURCE_CHANGED',
      )
      sealing.end()
      expect(await codeOf(() => sealing.sealSegment({ bytes: content.slice() }, 0, true))).toBe('USAGE')
      const opening = pool.open(file)
      const name = systemRandom(32)
      expect(await codeOf(() => opening.openSegment({ bytes: filled(6, 64), name }, 0, true))).toBe('SEGMENT')
    }))

  test('a pool that is closed rejects what is pending and what comes', async () => {
    if (startBuiltPool === null) throw new Error('Node has a pool')
    const pool = startBuiltPool(1)
    const sealing = pool.seal(file)
    const pending = codeOf(() => sealing.sealSegment({ bytes: content.slice() }, 0, true))
    await pool.close()
    expect(await pending).toBe('INTERNAL')
    expect(await codeOf(() => sealing.sealSegment({ bytes: content.slice() }, 0, true))).toBe('INTERNAL')
    expect(await codeOf(() => pool.open(file))).toBe('INTERNAL')
  })

  test('a segment that no memory holds is an error of that job alone', () =>
    withPool(async (pool) => {
      const sealing = pool.seal(file)
      expect(await codeOf(() => sealing.sealSegment({ path, offset: 0, length: 1, size: 2 ** 52 }, 0, true))).toBe(
        'INTERNAL',
      )
      expect(await codeOf(() => sealing.sealSegment({ bytes: content.slice() }, 0, true))).toBe('accepted')
    }))

  test('the caller may overwrite what it handed over', () =>
    withPool(async (pool) => {
      const own = { key: key.slice(), aad: aad.slice(), header: header.slice(), parameters }
      const sealing = pool.seal(own)
      for (const bytes of [own.key, own.aad, own.header]) bytes.fill(0)
      const sealed = await sealing.sealSegment({ bytes: content.slice() }, 0, true)
      expect(await startOpening(key, aad, header, parameters).openSegment(sealed, 0, true)).toEqual(content)
    }))

  test.each([0, -1, 1.5, 65, Number.NaN])('%f workers are no pool', async (count) => {
    expect(await codeOf(() => startBuiltPool?.(count))).toBe('USAGE')
  })
})

test('without Node there is no pool', () => expect(noPool).toBeNull())
