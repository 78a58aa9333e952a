// Laws of what a package exports: each names the functions that it is about, and each exported function has a law or a reason why not.
// Imports no package, so that the tests of each package can use it.
import { expect, it } from 'vitest'
import { functionsOf } from './misuse.js'

export interface Law {
  readonly says: string
  /** Names of exported functions, `Class.method` for methods. */
  readonly of: readonly string[]
  /** Asserts the law, with fast-check. */
  readonly check: () => unknown
}

/** The tests of all laws, and that every exported function has one, or a reason. */
export function obey(exported: object, laws: readonly Law[], reasons: Readonly<Record<string, string>>): void {
  it('every exported function has a law, or a reason why it has none', () => {
    const named = new Set([...laws.flatMap((law) => law.of), ...Object.keys(reasons)])
    expect([...named].sort()).toEqual(functionsOf(exported).sort())
    expect(Object.values(reasons).every((why) => why.length > 20)).toBe(true)
  })

  it.each(laws.map((law) => [law.says, law] as const))('%s', async (_, law) => {
    await law.check()
  })
}
