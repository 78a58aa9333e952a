// Long work in slices: whoever loops over thousands of rows lets the event loop run between them. Spec: docs/spec/relay.md, "The gate".

/** Rows between two pauses where a row is as good as nothing. */
export const SLICE = 64

/** ms between two pauses otherwise: of what a request waits for, each step may come behind one slice. */
const SLICE_MS = 2

/** Resolves after whatever else waits had its turn. */
export const pause = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

/** The items, with a pause whenever a slice of time has passed. */
export async function* inSlices<T>(items: Iterable<T>): AsyncGenerator<T, void, undefined> {
  let since = performance.now()
  for (const item of items) {
    if (performance.now() - since > SLICE_MS) {
      await pause()
      since = performance.now()
    }
    yield item
  }
}
