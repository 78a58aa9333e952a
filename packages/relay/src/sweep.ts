// Files that no row names: what a crash left between a file and its row, or between a row and its file. Each is found twice, hours apart, and
// then removed. Spec: docs/spec/storage.md, "Staging and collection". No file's age is asked: clocks jump, and a file that is lost is lost.
import type { Segments } from './segments/contract.js'
import { pause } from './slices.js'
import type { Reads } from './store/contract.js'

/** ms between two looks. Whoever writes a file stages its row within a request, which ends after ten minutes. */
const BETWEEN = 6 * 60 * 60_000
/** Names that are asked for at once. */
const NAMES = 256

export interface Sweep {
  /** Looks, if the last look is long enough ago. */
  run(): Promise<void>
  /** Begins no look any more; resolves when one that is under way has ended, at its next step. */
  stop(): Promise<void>
}

/** `elapsed` gives ms of a clock that nobody sets. */
export function createSweep(
  { segments, reads }: { readonly segments: Pick<Segments, 'list' | 'remove'>; readonly reads: Pick<Reads, 'named'> },
  elapsed: () => number = () => performance.now(),
): Sweep {
  let unnamed: ReadonlySet<string> = new Set()
  let last: number | null = null
  let stopped = false
  let looking: Promise<void> = Promise.resolve()

  const unnamedOf = async (files: readonly string[]): Promise<string[]> => {
    const named = await reads.named(files)
    await pause()
    return files.filter((_, i) => !named[i])
  }

  const look = async (): Promise<void> => {
    const found = new Set<string>()
    for await (const files of inGroups(segments.list())) {
      if (stopped) return
      const without = await unnamedOf(files)
      await segments.remove(without.filter((file) => unnamed.has(file)))
      for (const file of without) if (!unnamed.has(file)) found.add(file)
    }
    unnamed = found
  }

  return {
    async run() {
      const now = elapsed()
      if (stopped || (last !== null && now - last < BETWEEN)) return
      // Set before: who calls meanwhile starts no second look.
      last = now
      looking = look()
      await looking
    },
    async stop() {
      stopped = true
      // Whoever began it is told of its failure.
      await looking.catch(() => {})
    },
  }
}

async function* inGroups(names: AsyncIterable<string>): AsyncGenerator<readonly string[]> {
  let group: string[] = []
  for await (const name of names) {
    group.push(name)
    if (group.length < NAMES) continue
    yield group
    group = []
  }
  if (group.length > 0) yield group
}
