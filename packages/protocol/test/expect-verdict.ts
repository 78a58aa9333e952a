// Tables of entries and what the rules say of them: each row is tried against one world that stays as it is.
import { expect, it } from 'vitest'
import type { AnyEntry } from '../src/entry.js'
import type { ErrorCode } from '../src/errors.js'
import type { World } from './actors.js'

/** What the entry is, what it ends in, and how it is made. */
export type Row<W> = readonly [what: string, verdict: ErrorCode | 'accepted', make: (world: W) => Promise<AnyEntry>]

/** One test a row. `worldOf` makes the world once, when the first row needs it. */
export function verdicts<W extends { readonly world: World }>(
  worldOf: () => Promise<W>,
  rows: readonly Row<W>[],
): void {
  let made: Promise<W> | null = null
  it.each(rows)('%s: %s', async (_, verdict, make) => {
    made ??= worldOf()
    const scene = await made
    expect(await scene.world.code(await make(scene))).toBe(verdict)
  })
}
