// The seals that one verifier has seen, as one line: batches that do not overlap, in order, with times that do not go back.
// Spec: docs/spec/log.md, "Seals and log time". Each seal is a leaf of the tree already; here they are compared with each other, so
// that a relay cannot date an entry back behind a time that it has shown before. It does not see seals that were never shown.
import { ProtocolError } from './errors.js'
import type { Seal } from './leaf.js'

/**
 * Both lists as one, in order. `known` is such a line already; `given` is in order of place.
 * @throws ProtocolError LOG_INCONSISTENT for batches that overlap or are empty, TIME where log time goes back.
 */
export function mergeSeals(known: readonly Seal[], given: readonly Seal[]): readonly Seal[] {
  const merged: Seal[] = []
  let next = 0
  for (const seal of given) {
    for (; next < known.length && (known[next] as Seal).size <= seal.first; next++) push(merged, known[next] as Seal)
    const same = known[next]
    if (same && same.first === seal.first && same.size === seal.size && same.time === seal.time) next++
    push(merged, seal)
  }
  for (; next < known.length; next++) push(merged, known[next] as Seal)
  return merged
}

function push(line: Seal[], seal: Seal): void {
  const before = line.at(-1)
  if (seal.first + 2 > seal.size || (before && before.size > seal.first))
    throw new ProtocolError('LOG_INCONSISTENT', 'two seals claim one place in the log')
  if (before && before.time > seal.time) throw new ProtocolError('TIME', 'log time goes back')
  line.push(seal)
}
