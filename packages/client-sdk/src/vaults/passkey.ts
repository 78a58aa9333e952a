// A passkey as what unlocks a vault: the 32 bytes of its PRF extension (WebAuthn Level 3, §10.1.4) are the vault's host
// key. Spec: docs/spec/vault.md, "By passkey". The authenticator gives them for this origin, this passkey and this
// salt, after it has verified its user. Passkey and salt are named in a blob of the vault that is not sealed, since it
// holds no secret.
import { type Random, systemRandom } from '@sealchart/crypto'
import { blob, bytes, oneOf, pack, struct, unpack } from '@sealchart/protocol'
import { ClientError, hasCode } from '../errors.js'
import type { UnlockSource, Vault } from './contract.js'

export interface PasskeyOptions {
  /** What the browser shows beside the passkey when it is made: the person's name or log-in. */
  readonly label?: string
  /** The domain that the passkey belongs to, where it is not the page's own but one above it. */
  readonly rpId?: string
}

/** The blob that names a vault's passkey. */
const PASSKEY_BLOB = 'vault-passkey'
const FORMAT = 1
const shape = struct({ format: oneOf(FORMAT), id: blob(1023), salt: bytes(32) })

/** A passkey of this origin, and what its PRF is asked. */
interface Passkey {
  readonly id: Uint8Array
  readonly salt: Uint8Array
}

/**
 * Unlocks a browser's vault by a passkey, which is made with the vault. The browser asks the person each time, so call
 * it from a click. What opening the vault then throws: ClientError PASSKEY_PRF where browser or authenticator has no
 * PRF, PASSKEY_CANCELLED when the person declined, took too long, or has no such passkey at hand (a page is not told
 * which); VAULT for another passkey's output.
 */
export function passkey({ label = 'Sealchart', rpId }: PasskeyOptions = {}): UnlockSource {
  return async (vault) => {
    const known = await readPasskey(vault)
    if (known) return { hostKey: await evaluate(known, rpId) }
    const { made, hostKey } = await create({ label, rpId, random: systemRandom })
    try {
      await vault.write(PASSKEY_BLOB, pack(shape, { format: FORMAT, ...made }), null)
    } catch (error) {
      // Another tab made the vault meanwhile: its passkey is the vault's.
      const theirs = hasCode(error, 'VAULT_CONFLICT') ? await readPasskey(vault) : null
      if (!theirs) throw error
      return { hostKey: await evaluate(theirs, rpId) }
    }
    return { hostKey: hostKey ?? (await evaluate(made, rpId)) }
  }
}

async function readPasskey(vault: Vault): Promise<Passkey | null> {
  const found = await vault.read(PASSKEY_BLOB)
  if (found === null) return null
  try {
    return unpack(shape, found.bytes, 'passkey')
  } catch (cause) {
    throw new ClientError('VAULT', 'the vault does not open', { cause })
  }
}

/** Makes a passkey. Many authenticators answer the PRF only when asked again: `hostKey` is null then. */
async function create({
  label,
  rpId,
  random,
}: {
  readonly label: string
  readonly rpId: string | undefined
  readonly random: Random
}): Promise<{ made: Passkey; hostKey: Uint8Array | null }> {
  const salt = random(32)
  const credential = await ask((credentials) =>
    credentials.create({
      publicKey: {
        // Nobody verifies an attestation or a signature of this passkey: what counts is that only it has this PRF.
        challenge: source(random(32)),
        rp: { name: 'Sealchart', ...(rpId !== undefined && { id: rpId }) },
        user: { id: source(random(32)), name: label, displayName: label },
        pubKeyCredParams: [-8, -7, -257].map((alg) => ({ type: 'public-key', alg })),
        // A verified user always: an authenticator has another PRF for those whom it has not verified.
        authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
        extensions: { prf: { eval: { first: source(salt) } } },
      },
    }),
  )
  const { prf } = credential.getClientExtensionResults()
  const hostKey = prf?.results ? requireOutput(prf.results.first) : null
  if (!prf?.enabled && !hostKey) throw noPrf()
  return { made: { id: new Uint8Array(credential.rawId), salt }, hostKey }
}

/** The PRF's 32 bytes for the passkey's salt. */
async function evaluate({ id, salt }: Passkey, rpId: string | undefined): Promise<Uint8Array> {
  const credential = await ask((credentials) =>
    credentials.get({
      publicKey: {
        challenge: source(systemRandom(32)),
        allowCredentials: [{ type: 'public-key', id: source(id) }],
        userVerification: 'required',
        ...(rpId !== undefined && { rpId }),
        extensions: { prf: { eval: { first: source(salt) } } },
      },
    }),
  )
  return requireOutput(credential.getClientExtensionResults().prf?.results?.first)
}

function requireOutput(first: BufferSource | undefined): Uint8Array {
  // WebAuthn hands out an ArrayBuffer; its type allows views as well.
  if (!(first instanceof ArrayBuffer) || first.byteLength !== 32) throw noPrf()
  return new Uint8Array(first)
}

/** Asks the browser, and with it the person. @throws ClientError PASSKEY_PRF, PASSKEY_CANCELLED, USAGE */
async function ask(
  act: (credentials: CredentialsContainer) => Promise<Credential | null>,
): Promise<PublicKeyCredential> {
  const credentials = globalThis.navigator?.credentials
  if (!credentials || !globalThis.PublicKeyCredential) throw noPrf()
  let credential: Credential | null
  try {
    credential = await act(credentials)
  } catch (cause) {
    switch (cause instanceof DOMException ? cause.name : '') {
      case 'NotAllowedError':
      case 'AbortError':
        throw new ClientError('PASSKEY_CANCELLED', 'no passkey was used', { cause })
      case 'SecurityError':
        throw new ClientError('USAGE', 'this page may not use passkeys of that domain', { cause })
      default:
        throw noPrf(cause)
    }
  }
  if (!(credential instanceof PublicKeyCredential)) throw noPrf()
  return credential
}

const noPrf = (cause?: unknown): ClientError =>
  new ClientError('PASSKEY_PRF', 'this browser or authenticator gives no key from a passkey', { cause })

/** WebAuthn's types exclude memory shared between threads, which none of these is. */
const source = (given: Uint8Array): BufferSource => given as Uint8Array<ArrayBuffer>
