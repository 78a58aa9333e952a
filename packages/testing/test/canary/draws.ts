// Randomness that remembers what was drawn from it, and which draws became secrets. Which function drew decides: a function that is
// not listed fails the run, so that nobody can add a secret that is not searched for. What is derived from a secret is not recorded.
import type { Named } from '../../src/index.js'

/** Functions whose draws are, or lead straight to, something that opens or signs. */
export const secretDraws: Readonly<Record<string, string>> = {
  newSecret: 'seed, epoch secret, section key, file key, trail secret or grant secret',
  createVaultKey: 'a vault’s master key',
  sealTo: 'randomness of an encapsulation: whoever has it has the key of the sealed message',
}

/** Functions whose draws are sent or stored as they are, and why that gives nothing away. */
export const publicDraws: Readonly<Record<string, string>> = {
  found: 'nonce of a founding entry, part of the chain’s id',
  newIdentity: 'nonce of a founding entry, part of the chain’s id',
  issue: 'salt of a claim, which lies beside the credential as the claim does',
  startSealing: 'IV of a sealed object, in its header',
  sealSegment: 'IV of a segment, in front of it',
  startFile: 'id of a file: what its segments are bound to, no key',
  openNext: 'id of an upload',
  newKeys: 'mark of a call, in its journal: four bytes',
  growing: 'jitter of a wait between two tries: one byte',
}

export interface Draws {
  readonly random: (length: number) => Uint8Array
  /** What became a secret, named by the function that drew it and the one that asked for it. */
  readonly secrets: readonly Named[]
  /** Draws by functions that stand in neither list. */
  readonly unlisted: ReadonlySet<string>
}

/** Fresh randomness, recorded. */
export function recordedDraws(): Draws {
  const secrets: Named[] = []
  const unlisted = new Set<string>()
  const random = (length: number): Uint8Array => {
    const drawn = globalThis.crypto.getRandomValues(new Uint8Array(length))
    const [caller = 'nobody', asking = 'nobody'] = functionsOn(new Error().stack ?? '')
    if (caller in secretDraws) secrets.push({ name: `${caller} for ${asking}`, bytes: drawn.slice() })
    else if (!(caller in publicDraws)) unlisted.add(`${caller}, ${length} bytes`)
    return drawn
  }
  return { random, secrets, unlisted }
}

/** Names of the functions on a stack, innermost first; without this one, `draw`, which only measures the answer, and loops. */
function functionsOn(stack: string): string[] {
  const names = stack.split('\n').flatMap((line) => /^\s*at (?:async )?(?:\S+\.)?(\w+) /.exec(line)?.[1] ?? [])
  return names.filter((name) => !/^(random|draw|map|flatMap)$/.test(name))
}
