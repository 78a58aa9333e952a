// Shared staging: one transaction for all who wait, and each its own answer where one of them is refused.
import type { ChainId, Digest } from '@sealchart/protocol'
import { expect, test } from 'vitest'
import { RelayError } from '../src/errors.js'
import { sharedStaging } from '../src/shared-staging.js'
import { type SegmentRow, type Staging, StoreConflict, type UploadRow } from '../src/store/contract.js'

const id = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)

const segment = (byte: number): SegmentRow => ({
  record: id(1) as ChainId,
  name: id(byte) as Digest,
  section: 1,
  upload: id(2),
  place: { file: 'f', offset: 0, length: 1 },
})
const upload = (state: UploadRow['state']): UploadRow => ({
  id: id(2),
  record: id(1) as ChainId,
  member: id(3) as ChainId,
  reserved: 1,
  expires: 1,
  state,
})

/** A staging over a store that notes the segments of each transaction, and refuses those with a segment named `bad`. */
function stagingWith(refusal: unknown, bad: number | null = null) {
  const calls: number[][] = []
  const staging = sharedStaging(async ({ segments = [] }: Staging) => {
    const names = segments.map(({ name }) => name[0] as number)
    calls.push(names)
    if (bad !== null && names.includes(bad)) throw refusal
  })
  return { staging, calls }
}

const outcomes = async (added: readonly Promise<void>[]): Promise<string[]> =>
  (await Promise.allSettled(added)).map(({ status }) => status)

test('what waits goes together, in order, at most 128 rows at once', async () => {
  const { staging, calls } = stagingWith(null)
  const rows = Array.from({ length: 100 }, (_, i) => segment(i))
  const added = [{ segments: rows }, { segments: [segment(7)] }, { segments: rows }].map((one) => staging.add(one))
  await staging.next()
  expect(calls.map((names) => names.length)).toEqual([101])
  await staging.next()
  expect(calls.map((names) => names.length)).toEqual([101, 100])
  expect(await outcomes(added)).toEqual(['fulfilled', 'fulfilled', 'fulfilled'])
  await staging.next()
  expect(calls.length).toBe(2)
})

test('who is refused is refused alone', async () => {
  const { staging, calls } = stagingWith(new StoreConflict('an upload is being collected'), 2)
  const added = [1, 2, 3].map((name) => staging.add({ segments: [segment(name)] }))
  await staging.next()
  expect(calls).toEqual([[1, 2, 3], [1], [2], [3]])
  expect(await outcomes(added)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
})

test('an upload that is frozen goes alone, and nothing passes it', async () => {
  const { staging, calls } = stagingWith(null)
  const put = (name: number): Staging => ({ uploads: [upload('open')], segments: [segment(name)] })
  for (const rows of [put(1), put(2), { uploads: [upload('complete')] }, put(3), put(4)]) void staging.add(rows)
  for (let i = 0; i < 3; i++) await staging.next()
  expect(calls).toEqual([[1, 2], [], [3, 4]])
})

test('a failure whose outcome is unknown reaches all who waited, and the writer', async () => {
  const failure = new RelayError('OUTCOME_UNKNOWN', 'a write failed, and may have happened')
  const { staging, calls } = stagingWith(failure, 2)
  const added = [1, 2].map((name) => staging.add({ segments: [segment(name)] }))
  const settled = outcomes(added)
  await expect(staging.next()).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
  expect(await settled).toEqual(['rejected', 'rejected'])
  expect(calls).toEqual([[1, 2]])
})
