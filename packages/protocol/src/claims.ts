// Claims: what an issuer says of a person, lying beside the credential that carries only their hashes. Type, encoder, decoder.
// Spec: docs/spec/entries.md, "Claims". Each claim is salted, so that it can be erased without being guessed from its hash.
import type { Bodies } from './bodies.js'
import { type ChainId, equal } from './bytes.js'
import { reading } from './check.js'
import { claimHash } from './entry.js'
import { ProtocolError } from './errors.js'
import { limits } from './limits.js'
import { bytes, type Infer, list, pack, struct, text, unpack } from './shape.js'

const claimShape = struct({ name: text(40, 1), salt: bytes(16), value: text(limits.name) })
/** A claim with its salt, 16 random bytes. Names in use: name, registration, role, department. */
export type Claim = Infer<typeof claimShape>

const claimsShape = list(claimShape, limits.claimCount)

/**
 * The bytes that lie beside a credential; the entry's `private` is their SHA-256.
 * @throws ProtocolError USAGE, also for a name that stands twice; LIMIT above 4 KiB.
 */
export function encodeClaims(claims: readonly Claim[]): Uint8Array<ArrayBuffer> {
  const encoded = pack(claimsShape, claims)
  if (new Set(claims.map((claim) => claim.name)).size !== claims.length)
    throw new ProtocolError('USAGE', 'a claim is made once')
  if (encoded.length > limits.claims) throw new ProtocolError('LIMIT', 'claims are at most 4 KiB long')
  return encoded
}

/**
 * Decodes claims and checks them against the credential that carries their hashes.
 * @throws ProtocolError DECODE_*, TOO_LARGE, CRED_BINDING when a claim is not the one that the issuer signed.
 */
export function decodeClaims(
  encoded: Uint8Array,
  member: ChainId,
  credential: Bodies['member']['credential'],
): readonly Claim[] {
  const claims = unpack(claimsShape, encoded, 'claims', { bytes: limits.claims })
  const signed = reading('a credential', () => {
    const { claims: carried } = credential
    return (
      claims.length === carried.length &&
      claims.every((claim, i) => carried[i]?.name === claim.name && equal(carried[i].hash, claimHash(member, claim)))
    )
  })
  if (!signed) throw new ProtocolError('CRED_BINDING', 'the claims are not those that the credential carries')
  return claims
}
