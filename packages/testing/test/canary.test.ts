import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import { type CanaryFinding, type Named, searchCanaries, writeForms } from '../src/canary.js'

/** Numbers from a seed, evenly spread: the same haystack every time. */
function noise(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = seed
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    bytes[i] = state >>> 24
  }
  return bytes
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const secret: Named = { name: 'key', bytes: noise(32, 7) }
const letter: Named = { name: 'letter', bytes: utf8('Dear Dr Lee, thank you for seeing this pleasant lady.') }

async function search(canaries: readonly Named[], bytes: Uint8Array): Promise<readonly CanaryFinding[]> {
  return searchCanaries({ canaries, haystacks: [{ name: 'relay.sqlite', bytes }] })
}

function plant(haystack: Uint8Array, control: Uint8Array, offset: number): Uint8Array {
  const planted = haystack.slice()
  planted.set(control, offset)
  return planted
}

describe('planted controls', () => {
  const controls = [secret, letter].flatMap((canary) => writeForms(canary.bytes).map((form) => ({ canary, ...form })))

  test.each(controls.map((control, number) => ({ ...control, number })))(
    '$canary.name as $form ($number) is found at every offset',
    async ({ canary, form, bytes }) => {
      const haystack = noise(400, 3)
      for (let offset = 0; offset + bytes.length <= haystack.length; offset++) {
        const findings = await search([secret, letter], plant(haystack, bytes, offset))
        expect(findings.map((finding) => [finding.canary, finding.form, finding.haystack])).toEqual([
          [canary.name, form, 'relay.sqlite'],
        ])
        expect(findings[0]?.length).toBe(canary.bytes.length)
        // base64 at an alignment has up to two bytes of something else, and UTF-16BE a zero, before the canary.
        expect(Math.abs((findings[0]?.offset ?? 0) - offset)).toBeLessThanOrEqual(3)
      }
    },
  )

  test('every window of 16 bytes is enough, in every form', async () => {
    for (let from = 0; from + 16 <= letter.bytes.length; from++) {
      for (const { form, bytes } of writeForms(letter.bytes.subarray(from, from + 16))) {
        const findings = await search([letter], plant(noise(300, 5), bytes, 100 + (from % 7)))
        expect(findings.map((finding) => finding.form)).toContain(form)
      }
    }
  })

  test('fifteen bytes are not', async () => {
    const findings = await search([letter], plant(noise(300, 5), letter.bytes.subarray(0, 15), 50))
    expect(findings).toEqual([])
  })

  test('a text that is not ASCII is found as UTF-16 of its characters', async () => {
    const chinese = { name: 'chinese', bytes: utf8('病人陳大文因胸痛入院，心電圖顯示前壁心肌梗塞') }
    for (const little of [true, false]) {
      const text = new TextDecoder().decode(chinese.bytes)
      const view = new DataView(new ArrayBuffer(2 * text.length))
      for (let i = 0; i < text.length; i++) view.setUint16(2 * i, text.charCodeAt(i), little)
      const findings = await search([chinese], plant(noise(300, 5), new Uint8Array(view.buffer), 33))
      expect(findings).toMatchObject([{ canary: 'chinese', form: 'utf-16', offset: 33 }])
    }
  })

  test('two stretches of one canary are two findings, and a stretch is one', async () => {
    const haystack = plant(plant(noise(300, 5), letter.bytes, 10), letter.bytes.subarray(4, 30), 200)
    expect(await search([letter], haystack)).toMatchObject([
      { offset: 10, length: letter.bytes.length },
      { offset: 200, length: 26 },
    ])
  })

  test('any stretch of a random canary at any place', async () => {
    const cases = fc.tuple(fc.uint8Array({ minLength: 40, maxLength: 200 }), fc.nat(24), fc.nat(500), fc.nat(9))
    await fc.assert(
      fc.asyncProperty(cases, async ([bytes, from, offset, number]) => {
        fc.pre(new Set(bytes.subarray(from, from + 16)).size >= 8)
        const control = writeForms(bytes.subarray(from, from + 16))[number % 11]
        if (!control) return
        const findings = await search([{ name: 'any', bytes }], plant(noise(1000, 11), control.bytes, offset))
        expect(findings.map((finding) => finding.form)).toContain(control.form)
      }),
      { numRuns: effort(200) },
    )
  })
})

describe('nothing where nothing was planted', () => {
  test('in random bytes, in text, in zeros', async () => {
    const canaries = [secret, letter, { name: 'long', bytes: noise(50_000, 99) }]
    expect(await search(canaries, noise(1_000_000, 12345))).toEqual([])
    expect(await search(canaries, new Uint8Array(100_000))).toEqual([])
    const text = Array.from(noise(100_000, 4), (byte) => 'abcdefghijklmnopqrstuvwxyz0123456789 \n'[byte % 38]).join('')
    expect(await search(canaries, utf8(text))).toEqual([])
  })

  test('zeros and rules of dashes of a canary tell nothing', async () => {
    const canary = {
      name: 'padded',
      bytes: new Uint8Array([...new Uint8Array(64), ...secret.bytes, ...utf8('-'.repeat(64))]),
    }
    expect(await search([canary], utf8(`${'-'.repeat(80)}${'\0'.repeat(80)}`))).toEqual([])
    expect(await search([canary], plant(noise(200), secret.bytes, 5))).toHaveLength(1)
  })

  test('a canary that could never be found is refused', async () => {
    await expect(search([{ name: 'short', bytes: noise(15) }], noise(100))).rejects.toThrow(TypeError)
    await expect(search([{ name: 'zeros', bytes: new Uint8Array(100) }], noise(100))).rejects.toThrow(TypeError)
  })
})

test('at least 20 MB a second', async () => {
  const haystack = noise(8_000_000, 21)
  const began = performance.now()
  expect(await search([secret, letter, { name: 'long', bytes: noise(100_000, 99) }], haystack)).toEqual([])
  // Four times slower than promised still passes on a machine that is busy with other tests; a search that turned quadratic does not.
  expect(performance.now() - began).toBeLessThan(4 * 400)
})
