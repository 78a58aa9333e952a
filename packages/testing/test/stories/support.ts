// What the stories share: a visit with a letter and an image, reading, and the code in which a step ends.
import { type ChartRecord, type CreateOptions, type Notice, SealchartError, type Step } from '@sealchart/client-sdk'

export const LETTER = 'Dear colleague, three weeks of exertional chest pain; troponin rising.'
export const SCAN = 'pixels of a computed tomography of the coronary arteries'

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

export const file = (name: string, content: string) => ({ name, data: utf8(content) })

export const visit = (ref: string, more: Partial<CreateOptions> = {}): CreateOptions => ({
  ref,
  title: 'Chest pain',
  patient: { name: 'Wong Siu Ming', born: '1961-04-17', ids: [{ system: 'urn:hkid', value: 'A123456(3)' }] },
  sections: { summary: file('letter.txt', LETTER), imaging: file('ct.txt', SCAN) },
  ...more,
})

/** All of a section's texts. */
export async function read(record: ChartRecord, section: string): Promise<string> {
  const texts = await Promise.all(record.files(section).map((one) => one.bytes()))
  return texts.map((bytes) => new TextDecoder().decode(bytes)).join('')
}

/** The code that a call ends in; fails when it succeeds or throws something else. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call
  } catch (error) {
    if (error instanceof SealchartError) return error.code
    throw error
  }
  throw new Error('this should have been refused')
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

/** A trail as a person would tell it. */
export const told = (steps: readonly Step[]): string[] =>
  steps.map(({ who, what, to, text }) =>
    [who?.name, what, ...to.map(({ name }) => name), text === null ? '' : `(${text})`].filter(Boolean).join(' '),
  )

export const news = (notices: readonly Notice[]): string[] =>
  notices.map(({ who, what, version }) => [who?.name, what, version ?? ''].join(' ').trim())
