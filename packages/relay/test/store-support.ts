// What the parts of the store suite share: a fresh store for each test, turns that follow each other, and rows with defaults.
import { type AttachmentRow, type Batch, type SegmentRow, type Store, type UploadRow } from '../src/store/contract.js'
import { chain, digest, turn, uploadId } from './turns.js'

/** How a back end opens a new, empty store. */
export type OpenStore = () => Promise<Store>

/** A test on a new store, which is closed afterwards. */
export const withStore = (open: OpenStore) => (test: (store: Store) => Promise<void>) => async (): Promise<void> => {
  const store = await open()
  try {
    await test(store)
  } finally {
    await store.close()
  }
}

/** Commits the turn that follows the store's head. */
export async function place(
  store: Store,
  said: Parameters<typeof turn>[1],
  more: Parameters<typeof turn>[2] = {},
): Promise<Batch> {
  const batch = turn(await store.treeHead(), said, more)
  await store.commit(batch)
  return batch
}

/** One entry on chain a. */
export const one = [{ chain: 'a', sequence: 0 }]

export const attachment = (name: string, more: Partial<AttachmentRow> = {}): AttachmentRow => ({
  digest: digest(name),
  place: { file: `file of ${name}`, offset: 0, length: 100 },
  count: 0,
  root: null,
  expires: 1000,
  live: null,
  ...more,
})

export const upload = (name: string, more: Partial<UploadRow> = {}): UploadRow => ({
  id: uploadId(name),
  record: chain('record'),
  member: chain('chan'),
  reserved: 4096,
  expires: 1000,
  state: 'open',
  ...more,
})

export const segment = (uploadName: string, name: string, more: Partial<SegmentRow> = {}): SegmentRow => ({
  record: chain('record'),
  name: digest(name),
  section: 1,
  upload: uploadId(uploadName),
  place: { file: `file of ${uploadName}`, offset: 0, length: 10 },
  ...more,
})
