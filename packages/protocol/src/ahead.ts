// Signatures ahead: those of an answer are verified before the ledger's rules ask for them, in other threads where there are some.
// Spec: docs/spec/rules.md, "Verifying". Whether a signature is good depends on nothing but entry, key and network, so a verdict may
// come early; which key it must be, only the rules can say. A key that was guessed wrong costs one more verification, never a wrong
// answer: what has no verdict here is verified in its turn.
import { type ChainId, type DeviceId, equal, hex } from './bytes.js'
import { type DevicePublicKeys, deviceId } from './device-keys.js'
import { type AnyEntry, is, type SignedEntry } from './entry.js'
import type { Placed } from './proven.js'

/**
 * Verifies entries of one network elsewhere, such as in other threads by `isSigned`: a verdict for each, in their order, or none at
 * all where that is not worthwhile or fails. An entry without a verdict is verified by the ledger.
 */
export type VerifySignatures = (network: ChainId, entries: readonly SignedEntry[]) => Promise<readonly boolean[]>

/** Whether an entry of the answer was found to be signed by this key. False says nothing. */
export type HasVerdict = (entry: AnyEntry, signKey: Uint8Array) => boolean

/** Has the signatures of an answer verified. `listed` answers the key of a device that a known chain lists. */
export async function verifyAhead(
  placed: readonly Placed[],
  network: ChainId,
  listed: (chain: ChainId, device: DeviceId) => Uint8Array | null,
  elsewhere: VerifySignatures | undefined,
): Promise<HasVerdict> {
  if (!elsewhere) return () => false
  const keys = new Map<string, Uint8Array | null>()
  for (const { entry } of placed) {
    const introduced = keysIn(entry)
    if (introduced) keys.set(hex(deviceId(introduced)), new Uint8Array(introduced.sign))
  }
  const keyOf = ({ signer: { chain, device } }: AnyEntry): Uint8Array | null => {
    const name = hex(device)
    if (!keys.has(name)) keys.set(name, listed(chain, device))
    return keys.get(name) ?? null
  }
  const guesses = placed.flatMap(({ entry }) => {
    const signKey = is(entry, 'network', 'found') ? null : keyOf(entry)
    return signKey ? [{ entry, signKey }] : []
  })
  const questions = guesses.map(({ entry, signKey }) => ({ bytes: entry.bytes, signKey }))
  const verdicts = await elsewhere(network, questions).catch((): readonly boolean[] => [])
  const good = new Map(guesses.filter((_, i) => verdicts[i] === true).map(({ entry, signKey }) => [entry, signKey]))
  return (entry, signKey) => {
    const known = good.get(entry)
    return known !== undefined && equal(known, signKey)
  }
}

/** The public keys of the device that an entry introduces. */
function keysIn(entry: AnyEntry): DevicePublicKeys | null {
  const founds = is(entry, 'network', 'found') || is(entry, 'institution', 'found') || is(entry, 'member', 'found')
  return founds || is(entry, 'institution', 'appoint') ? entry.body.keys : null
}
