// Lists that come while others come share a turn, whose commit costs as much as several of them. Spec: docs/spec/relay.md, "The turn".

/**
 * Holds items until a round of the event loop brings no more, or there are `enough`, and sends them together. No timer: an item alone
 * waits for one empty round.
 */
export function gatherer<T>(enough: number, send: (together: readonly T[]) => void): (item: T) => void {
  let held: T[] = []
  let waiting = false
  const flush = (): void => {
    const together = held
    held = []
    send(together)
  }
  const look = (before: number): void => {
    if (held.length > before) return void setImmediate(look, held.length)
    waiting = false
    if (held.length > 0) flush()
  }
  return (item) => {
    held.push(item)
    if (held.length === enough) flush()
    else if (!waiting) {
      waiting = true
      setImmediate(look, 0)
    }
  }
}
