// Randomness that remembers what was drawn from it, and which draws became secrets. Which function drew decides: a function that is
// not listed fails the run, so that nobody can add a secret that is not searched for.
import type { Named } from '../../src/index.js'

/** Functions whose draws are, or lead straight to, something that opens or signs. */
const SECRET: Readonly<Record<string, string>> = {
  newSecret: 'seed, epoch secret, section key, file key, trail secret or grant secret',
  createVaultKey: 'a vault’s master key',
  sealTo: 'randomness of an encapsulation: whoever has it has the key of the sealed message',
}

/** Functions whose draws are sent or stored as they are, and why that gives nothing away. */
const PUBLIC: Readonly<Record<string, string>> = {
  found: 'nonce of a founding entry, part of the chain’s id',
  newIdentity: 'nonce of a founding entry, part of the chain’s id',
  startSealing: 'IV of a sealed object, in its header',
  sealSegment: 'IV of a segment, in front of it',
  sealValue: 'IV of a value, in front of it',
  issue: 'salt of a claim, which lies beside the credential as the claim does',
  openNext: 'id of an upload',
  newKeys: 'mark of a call, in its journal: four bytes',
  pause: 'jitter of a wait between two tries: one byte',
}

export interface Draws {
  readonly random: (length: number) => Uint8Array
  /** What became a secret, by the function that drew it. */
  readonly secrets: readonly Named[]
  /** Draws by functions that stand in neither list. */
  readonly unknown: ReadonlySet<string>
}

/** Fresh randomness, recorded. */
export function recordedDraws(): Draws {
  const secrets: Named[] = []
  const unknown = new Set<string>()
  const random = (length: number): Uint8Array => {
    const drawn = globalThis.crypto.getRandomValues(new Uint8Array(length))
    const caller = drawingFunction(new Error().stack ?? '')
    if (caller in SECRET) secrets.push({ name: `${caller} ${secrets.length}`, bytes: drawn.slice() })
    else if (!(caller in PUBLIC)) unknown.add(`${caller}, ${length} bytes`)
    return drawn
  }
  return { random, secrets, unknown }
}

/** The innermost function outside this file and outside `draw`, which only measures the answer. */
function drawingFunction(stack: string): string {
  const names = stack
    .split('\n')
    .flatMap((line) => /^\s*at (?:async )?(?:\S+\.)?(\w+) (?:\[as \w+\] )?\(/.exec(line)?.[1] ?? [])
  return names.find((name) => name !== 'random' && name !== 'draw') ?? 'unknown'
}
