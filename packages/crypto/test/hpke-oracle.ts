// HPKE with X-Wing from other hands: the @hpke packages, with noble's ChaCha20-Poly1305 for the AEAD that they bring separately.
import { AeadId, type AeadInterface, CipherSuite, HkdfSha256 } from '@hpke/core'
import { XWing } from '@hpke/hybridkem-x-wing'
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'

const view = (data: ArrayBufferLike | ArrayBufferView): Uint8Array =>
  ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data)
const own = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer

const chaCha20Poly1305: AeadInterface = {
  id: AeadId.Chacha20Poly1305,
  keySize: 32,
  nonceSize: 12,
  tagSize: 16,
  createEncryptionContext: (key) => ({
    seal: async (iv, data, aad) => own(chacha20poly1305(view(key), view(iv), view(aad)).encrypt(view(data))),
    open: async (iv, data, aad) => own(chacha20poly1305(view(key), view(iv), view(aad)).decrypt(view(data))),
  }),
}

const kem = new XWing()
const suite = new CipherSuite({ kem, kdf: new HkdfSha256(), aead: chaCha20Poly1305 })

export async function oracleSeal(
  publicKey: Uint8Array,
  { info, aad }: { readonly info: Uint8Array; readonly aad: Uint8Array },
  plaintext: Uint8Array,
): Promise<Uint8Array> {
  const recipientPublicKey = await kem.deserializePublicKey(own(publicKey))
  const { enc, ct } = await suite.seal({ recipientPublicKey, info: own(info) }, own(plaintext), own(aad))
  return new Uint8Array([...new Uint8Array(enc), ...new Uint8Array(ct)])
}

export async function oracleOpen(
  seed: Uint8Array,
  { info, aad }: { readonly info: Uint8Array; readonly aad: Uint8Array },
  sealed: Uint8Array,
): Promise<Uint8Array> {
  const recipientKey = await kem.deserializePrivateKey(own(seed))
  const enc = own(sealed.subarray(0, 1120))
  return new Uint8Array(await suite.open({ recipientKey, enc, info: own(info) }, own(sealed.subarray(1120)), own(aad)))
}
