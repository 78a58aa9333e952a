// Long work in slices: whoever loops over thousands of rows lets the event loop run between them. Spec: docs/spec/relay.md, "The gate".

/** Rows between two pauses: a few milliseconds of work. */
export const SLICE = 64

/** Resolves after whatever else waits had its turn. */
export const pause = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

/** The items, with a pause after every slice. */
export async function* inSlices<T>(items: Iterable<T>, slice: number = SLICE): AsyncGenerator<T, void, undefined> {
  let count = 0
  for (const item of items) {
    yield item
    count += 1
    if (count % slice === 0) await pause()
  }
}
