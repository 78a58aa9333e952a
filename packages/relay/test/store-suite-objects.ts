// The store suite: staged attachments, uploads and segments, and their collection.
import { describe, expect, it } from 'vitest'
import { type Staging, StoreConflict } from '../src/store/contract.js'
import { attachment, type OpenStore, one, place, segment, upload, withStore } from './store-support.js'
import { chain, digest, named, turn, uploadId } from './turns.js'

export function objectSuite(name: string, open: OpenStore): void {
  const fresh = withStore(open)

  describe(`${name}: staging`, () => {
    it(
      'stages attachments, and a turn makes them live',
      fresh(async (store) => {
        await store.stage({ attachments: [attachment('m', { count: 3, root: named('root') as never })] })
        expect(await store.attachment(digest('m'))).toEqual(attachment('m', { count: 3, root: named('root') as never }))
        expect(await store.attachment(digest('n'))).toBeNull()
        await store.stage({
          attachments: [attachment('m', { expires: 2000, count: 4 }), attachment('m', { expires: 500 })],
        })
        expect(await store.attachment(digest('m'))).toMatchObject({ expires: 2000, count: 3 })
        const lost = turn(null, one, {
          attachments: [
            { digest: digest('m'), index: 0 },
            { digest: digest('n'), index: 0 },
          ],
        })
        await expect(store.commit(lost)).rejects.toBeInstanceOf(StoreConflict)
        expect(await store.treeHead()).toBeNull()
        expect(await store.attachment(digest('m'))).toMatchObject({ live: null })
        await place(store, one, { attachments: [{ digest: digest('m'), index: 0 }] })
        await place(store, [{ chain: 'a', sequence: 1 }], { attachments: [{ digest: digest('m'), index: 2 }] })
        expect(await store.attachment(digest('m'))).toMatchObject({ live: 0 })
      }),
    )

    it(
      'moves uploads forward only',
      fresh(async (store) => {
        await store.stage({ uploads: [upload('u')] })
        await store.stage({ uploads: [upload('u', { expires: 3000, state: 'complete', reserved: 1 })] })
        await store.stage({ uploads: [upload('u', { expires: 2000 })] })
        expect(await store.upload(uploadId('u'))).toEqual(upload('u', { expires: 3000, state: 'complete' }))
        await place(store, one, { uploads: [uploadId('u')] })
        await store.stage({ uploads: [upload('u', { expires: 9000 })] })
        expect(await store.upload(uploadId('u'))).toMatchObject({ state: 'live', expires: 3000 })
      }),
    )

    it(
      'publishes an upload once, and only a complete one',
      fresh(async (store) => {
        await store.stage({ uploads: [upload('open'), upload('done', { state: 'complete' })] })
        for (const ids of [['open'], ['none'], ['done', 'open'], ['done', 'done']]) {
          const batch = turn(null, one, { uploads: ids.map(uploadId) })
          await expect(store.commit(batch)).rejects.toBeInstanceOf(StoreConflict)
        }
        expect(await store.upload(uploadId('done'))).toMatchObject({ state: 'complete' })
        const { head } = await place(store, one, { uploads: [uploadId('done')] })
        const again = turn(head, [{ chain: 'b', sequence: 0 }], { uploads: [uploadId('done')] })
        await expect(store.commit(again)).rejects.toBeInstanceOf(StoreConflict)
      }),
    )

    it(
      'refuses to stage anything live',
      fresh(async (store) => {
        await expect(store.stage({ uploads: [upload('u', { state: 'live' })] })).rejects.toMatchObject({
          code: 'USAGE',
        })
        await expect(store.stage({ attachments: [attachment('m', { live: 1 })] })).rejects.toMatchObject({
          code: 'USAGE',
        })
        expect(await store.attachment(digest('m'))).toBeNull()
      }),
    )

    it(
      'counts what a member has reserved',
      fresh(async (store) => {
        const rows = [
          upload('u'),
          upload('v', { expires: 50 }),
          upload('w', { state: 'complete' }),
          upload('x', { member: chain('lee') }),
        ]
        await store.stage({ uploads: rows })
        expect(await store.reserved(chain('chan'), 49)).toEqual({ bytes: 3 * 4096, uploads: 2 })
        expect(await store.reserved(chain('chan'), 50)).toEqual({ bytes: 2 * 4096, uploads: 1 })
        await place(store, one, { uploads: [uploadId('w')] })
        expect(await store.reserved(chain('chan'), 50)).toEqual({ bytes: 4096, uploads: 1 })
        expect(await store.reserved(chain('nobody'), 0)).toEqual({ bytes: 0, uploads: 0 })
      }),
    )

    it(
      'takes segments of open uploads only, all rows or none',
      fresh(async (store) => {
        const both: Staging = { uploads: [upload('u', { state: 'complete' })], segments: [segment('u', 's')] }
        await store.stage(both)
        const missing = { attachments: [attachment('m')], segments: [segment('nowhere', 's')] }
        await expect(store.stage(missing)).rejects.toBeInstanceOf(StoreConflict)
        expect(await store.attachment(digest('m'))).toBeNull()
        await expect(store.stage({ segments: [segment('u', 'late')] })).rejects.toBeInstanceOf(StoreConflict)
        await store.stage(both)
        await store.stage({ uploads: [upload('v')] })
        await expect(store.stage({ segments: [segment('v', 's', { record: chain('other') })] })).rejects.toBeInstanceOf(
          StoreConflict,
        )
      }),
    )

    it(
      'tells which files a row names, until the last of their rows is gone',
      fresh(async (store) => {
        const files = ['a', 's', 't', 'none'].map((name) => `file of ${name}`)
        const at = (name: string) => ({ file: `file of ${name}`, offset: 0, length: 5 })
        const expires = 1000
        await store.stage({
          attachments: [attachment('a', { place: at('a'), expires })],
          uploads: [upload('u', { expires })],
          segments: [segment('u', 's', { place: at('s') }), segment('u', 't', { place: at('t') })],
        })
        expect(await store.named(files)).toEqual([true, true, true, false])
        expect(await store.named([])).toEqual([])
        const left = new Set(files.slice(0, 3))
        for (let rows = 1; rows > 0; ) {
          const collected = await store.collect(expires, 1)
          for (const file of collected.files) left.delete(file)
          expect(await store.named(files)).toEqual(files.map((file) => left.has(file)))
          rows = collected.rows
        }
        expect(left.size).toBe(0)
      }),
    )

    it(
      'tells what needn’t be put again',
      fresh(async (store) => {
        await store.stage({ uploads: [upload('u'), upload('v')], segments: [segment('u', 's'), segment('v', 'x')] })
        const names = ['s', 'x', 'none'].map(digest)
        expect(await store.present(chain('record'), uploadId('u'), names)).toEqual([true, false, false])
        expect(await store.present(chain('other'), uploadId('u'), names)).toEqual([false, false, false])
        await store.stage({ uploads: [upload('v', { state: 'complete' })] })
        await place(store, one, { uploads: [uploadId('v')] })
        expect(await store.present(chain('record'), uploadId('u'), names)).toEqual([true, true, false])
      }),
    )

    it(
      'keeps the first row of a segment, and prefers a live upload’s',
      fresh(async (store) => {
        await store.stage({ uploads: [upload('u'), upload('v')], segments: [segment('u', 's')] })
        await store.stage({ segments: [segment('u', 's', { section: 7 }), segment('v', 's', { section: 8 })] })
        expect(await store.segment(chain('record'), digest('s'))).toMatchObject({ section: 1 })
        await store.stage({ uploads: [upload('v', { state: 'complete' })] })
        await place(store, one, { uploads: [uploadId('v')] })
        expect(await store.segment(chain('record'), digest('s'))).toEqual(segment('v', 's', { section: 8 }))
        expect(await store.segment(chain('other'), digest('s'))).toBeNull()
      }),
    )
  })

  describe(`${name}: collection`, () => {
    it(
      'takes what has expired and is not live, and names files that no row names',
      fresh(async (store) => {
        const place1 = { file: 'shared', offset: 0, length: 5 }
        await store.stage({
          attachments: [
            attachment('m', { place: place1 }),
            attachment('n', { place: place1, expires: 2000 }),
            attachment('o'),
            attachment('p'),
          ],
          uploads: [upload('u'), upload('v', { expires: 2000 }), upload('w', { state: 'complete' })],
          segments: [segment('u', 's', { place: place1 }), segment('u', 't'), segment('v', 's')],
        })
        await place(store, one, { uploads: [uploadId('w')], attachments: [{ digest: digest('p'), index: 0 }] })
        expect(await store.collect(999, 99)).toEqual({ rows: 0, files: [] })
        const { rows, files } = await store.collect(1000, 99)
        expect([rows, [...files].sort()]).toEqual([5, ['file of o', 'file of u']])
        expect(await store.attachment(digest('m'))).toBeNull()
        expect(await store.attachment(digest('p'))).toMatchObject({ live: 0 })
        expect(await store.upload(uploadId('u'))).toBeNull()
        expect(await store.upload(uploadId('w'))).toMatchObject({ state: 'live' })
        expect(await store.segment(chain('record'), digest('s'))).toEqual(segment('v', 's'))
        expect(await store.collect(2000, 99)).toMatchObject({ rows: 3 })
        expect(await store.collect(1e9, 99)).toEqual({ rows: 0, files: [] })
      }),
    )

    it(
      'takes a large upload in pieces, gone from the first',
      fresh(async (store) => {
        const segments = Array.from({ length: 7 }, (_, i) => segment('u', `s${i}`))
        await store.stage({ uploads: [upload('u', { state: 'complete' })], segments })
        expect(await store.collect(1000, 3)).toEqual({ rows: 3, files: [] })
        expect(await store.upload(uploadId('u'))).toBeNull()
        expect(await store.reserved(chain('chan'), 0)).toEqual({ bytes: 0, uploads: 0 })
        const names = segments.map((row) => row.name)
        expect(await store.present(chain('record'), uploadId('u'), names)).not.toContain(true)
        expect(await store.segment(chain('record'), digest('s6'))).toBeNull()
        await expect(store.stage({ uploads: [upload('u', { expires: 5000 })] })).rejects.toBeInstanceOf(StoreConflict)
        await expect(store.commit(turn(null, one, { uploads: [uploadId('u')] }))).rejects.toBeInstanceOf(StoreConflict)
        expect(await store.collect(1000, 3)).toEqual({ rows: 3, files: [] })
        expect(await store.collect(1000, 3)).toEqual({ rows: 2, files: ['file of u'] })
        await store.stage({ uploads: [upload('u', { expires: 5000 })] })
        expect(await store.upload(uploadId('u'))).toEqual(upload('u', { expires: 5000 }))
      }),
    )
  })
}
