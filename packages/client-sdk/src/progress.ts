// Progress of a transfer, as a caller is told of it. Names and numbers only; nothing here decides anything.

/**
 * How far a transfer is: `check` reads again what an interrupted upload had sent, `send` seals and sends, `receive` opens. `bytes` and
 * `total` count padded content; `total` is null while a stream's length is not known. `file` is the one that moved last.
 */
export interface Progress {
  readonly phase: 'check' | 'send' | 'receive'
  readonly bytes: number
  readonly total: number | null
  readonly file: string
}

export type OnProgress = (progress: Progress) => void

/** Counts one phase and tells of each step. */
export function createMeter(
  phase: Progress['phase'],
  total: number | null,
  onProgress: OnProgress | undefined,
): (bytes: number, file: string) => void {
  let done = 0
  return (bytes, file) => {
    done += bytes
    onProgress?.({ phase, bytes: done, total, file })
  }
}
