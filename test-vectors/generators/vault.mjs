// Vaults: headers under a host key or a passphrase, blobs, identities. Spec: docs/spec/vault.md.
import * as c from '../../packages/crypto/dist/index.js'
import { deriveKey } from '../../packages/crypto/dist/keys.js'
import * as p from '../../packages/protocol/dist/index.js'
import { hex } from '../operations/notation.mjs'
import { counting, flip, scripted, vectorsOf } from './vectors.mjs'
import { logSigner } from './world.mjs'

await c.ready()

const rejects = 'vault.md#what-a-reader-must-reject'
const master = counting(0x40)
const hostKey = counting(0x80)
const salt = counting(0x70, 16)

export default async function vault() {
  const { accepts, refuses, files } = vectorsOf('vault')
  const spec = 'vault.md#unlocking'
  const random = () => scripted(counting(0xe0), counting(0x10, 12))
  const byHost = await c.sealVaultKey(master, { hostKey }, random())
  const floor = { memory: 64 * 1024, passes: 3 }
  const passphrase = 'größer als 7'
  const byPassphrase = await c.sealVaultKey(
    master,
    { passphrase },
    scripted(salt, counting(0xe0), counting(0x10, 12)),
    floor,
  )
  const open = (header, unlock) => ({ operation: 'vault/open', inputs: { header: hex(header), ...unlock } })
  const host = { hostKey: hex(hostKey) }

  await accepts('host-key', { ...open(byHost, host), spec, comment: 'By a host key: no derivation.' })
  await accepts('passphrase', { ...open(byPassphrase, { passphrase }), spec, comment: 'At the floor.' })
  await accepts('passphrase-not-normalised', {
    ...open(byPassphrase, { passphrase: passphrase.normalize('NFD') }),
    spec,
    comment: 'A passphrase is taken in normalisation form C.',
  })
  const [, , sealed] = p.decode(byHost)
  const header = (kdf, body = sealed, format = 1) => p.encode([format, kdf, body])
  const kdf = (memory, passes, given = salt, algorithm = 'argon2id') => header([algorithm, memory, passes, given])
  /** A header's content, sealed under a host key whatever its parameters say. */
  const under = (secret, parameters, content) =>
    c.sealBytes(deriveKey(secret, p.bind('vaultUnlock', [])), p.bind('vaultHeader', [1, parameters]), content, random())
  const wrong = {
    'host-key-another': ['VAULT', byHost, { hostKey: hex(counting(0x81)) }, 'Another key.'],
    'host-key-for-a-passphrase': ['VAULT', byPassphrase, host, 'The other way of unlocking.'],
    'passphrase-for-a-host-key': ['VAULT', byHost, { passphrase }, 'The other way of unlocking.'],
    'passphrase-another': ['VAULT', byPassphrase, { passphrase: 'größer als 8' }, 'Another passphrase.'],
    'passphrase-in-capitals': ['VAULT', byPassphrase, { passphrase: passphrase.toUpperCase() }, 'Another passphrase.'],
    'header-with-another-bit': ['VAULT', flip(byHost, -1), host, 'The last byte of the tag.'],
    'header-of-format-2': ['VAULT', header(null, sealed, 2), host, 'Another format.'],
    'header-cut': ['VAULT', byHost.slice(0, -1), host, 'The last byte is missing.'],
    'header-trailing': ['VAULT', p.concat(byHost, Uint8Array.of(0)), host, 'A byte follows.'],
    'header-empty': ['VAULT', new Uint8Array(0), host, 'Nothing.'],
    'header-of-two-fields': ['VAULT', p.encode([1, null]), host, 'Three.'],
    'host-key-for-a-passphrase-that-it-opens': [
      'VAULT',
      header(['argon2id', 64 * 1024, 3, salt], await under(hostKey, ['argon2id', 64 * 1024, 3, salt], master)),
      host,
      'It says a passphrase, and was sealed under the host key.',
    ],
    'host-key-of-31-bytes-inside': [
      'VAULT',
      header(null, await under(hostKey, null, counting(0x40, 31))),
      host,
      'A master key has 32 bytes.',
    ],
    'kdf-memory-below-the-floor-for-a-host-key': [
      'KDF_FLOOR',
      kdf(64 * 1024 - 1, 3),
      host,
      'Parameters come first, whatever it is unlocked with.',
    ],
    'kdf-passes-above-the-cap-for-a-host-key': [
      'KDF_CAP',
      kdf(64 * 1024, 11),
      host,
      'Parameters come first, whatever it is unlocked with.',
    ],
    'kdf-memory-below-the-floor': ['KDF_FLOOR', kdf(64 * 1024 - 1, 3), { passphrase }, 'Cheap to guess.'],
    'kdf-passes-below-the-floor': ['KDF_FLOOR', kdf(64 * 1024, 2), { passphrase }, 'Cheap to guess.'],
    'kdf-short-salt': ['KDF_FLOOR', kdf(64 * 1024, 3, counting(0x70, 15)), { passphrase }, '16 bytes.'],
    'kdf-another-algorithm': ['KDF_FLOOR', kdf(64 * 1024, 3, salt, 'argon2i'), { passphrase }, 'There is one.'],
    'kdf-another-algorithm-above-the-cap': [
      'KDF_FLOOR',
      kdf(1024 * 1024 + 1, 3, salt, 'argon2i'),
      { passphrase },
      'The algorithm comes first.',
    ],
    'passphrase-empty': ['USAGE', byPassphrase, { passphrase: '' }, 'A passphrase has a character.'],
    'kdf-memory-above-the-cap': ['KDF_CAP', kdf(1024 * 1024 + 1, 3), { passphrase }, 'A log-in that never ends.'],
    'kdf-passes-above-the-cap': ['KDF_CAP', kdf(64 * 1024, 11), { passphrase }, 'A log-in that never ends.'],
    'kdf-long-salt': ['KDF_CAP', kdf(64 * 1024, 3, counting(0x70, 17)), { passphrase }, '16 bytes.'],
  }
  for (const [name, [code, bytes, unlock, comment]] of Object.entries(wrong))
    await refuses(name, code, { ...open(bytes, unlock), spec: rejects, comment })

  // ——— blobs
  const content = { counter: 7, bytes: p.utf8('pinned') }
  const sound = await c.sealBlob(master, 'pins', content, random())
  const blob = (bytes, over = {}) => ({
    operation: 'vault/blob',
    inputs: { master: hex(master), name: 'pins', blob: hex(bytes), ...over },
  })
  const blobSpec = 'vault.md#blobs'
  await accepts('blob', { ...blob(sound), spec: blobSpec, comment: 'Counter 7.' })
  await accepts('blob-as-new-as-remembered', {
    ...blob(sound, { atLeast: 7 }),
    spec: blobSpec,
    comment: 'Counter 7 was seen before.',
  })
  await accepts('blob-empty', {
    ...blob(await c.sealBlob(master, 'pins', { counter: 0, bytes: new Uint8Array(0) }, random())),
    spec: blobSpec,
    comment: 'No content.',
  })
  await refuses('blob-older-than-remembered', 'ROLLBACK', {
    ...blob(sound, { atLeast: 8 }),
    spec: rejects,
    comment: 'Counter 8 was seen before.',
  })
  const [, , sealedBlob] = p.decode(sound)
  const wrongBlobs = {
    'blob-of-another-vault': [sound, { master: hex(counting(0x41)) }, 'Another master key.'],
    'blob-of-another-name': [sound, { name: 'identity' }, 'Splicing.'],
    'blob-with-another-counter': [p.encode([1, 8, sealedBlob]), {}, 'The counter is bound.'],
    'blob-of-format-2': [p.encode([2, 7, sealedBlob]), {}, 'Another format.'],
    'blob-with-another-bit': [flip(sound, -1), {}, 'The last byte of the tag.'],
    'blob-cut': [sound.slice(0, -1), {}, 'The last byte is missing.'],
    'blob-trailing': [p.concat(sound, Uint8Array.of(0)), {}, 'A byte follows.'],
    'blob-empty-input': [new Uint8Array(0), {}, 'Nothing.'],
    'blob-with-a-negative-counter': [p.encode([1, -7, sealedBlob]), {}, 'Counters count up from 0.'],
  }
  await refuses('blob-of-a-name-with-a-line-break', 'USAGE', {
    ...blob(sound, { name: 'pins\n' }),
    spec: rejects,
    comment: 'A name is a text.',
  })
  for (const [name, [bytes, over, comment]] of Object.entries(wrongBlobs))
    await refuses(name, 'VAULT', { ...blob(bytes, over), spec: rejects, comment })

  // ——— identities
  const device = c.deviceFromSeed(counting(0x60))
  const values = {
    network: counting(0x00),
    founding: counting(0x20),
    logKey: p.encodeNoteKey(logSigner.key),
    chain: counting(0x20),
    seed: counting(0x60),
    keys: device.keys,
    epochs: [
      { epoch: 0, secret: counting(0xa0) },
      { epoch: 2, secret: counting(0xb0) },
    ],
  }
  const identity = (bytes) => ({ operation: 'vault/identity', inputs: { identity: hex(bytes) } })
  const soundIdentity = c.encodeIdentity(values)
  await accepts('identity', {
    ...identity(soundIdentity),
    spec: 'vault.md#identity',
    comment: 'A member’s, with two epochs.',
  })
  const fields = p.decode(soundIdentity)
  const withField = (at, value) => p.encode(fields.map((field, i) => (i === at ? value : field)))
  const other = c.deviceFromSeed(counting(0x61)).keys
  const wrongIdentities = {
    'identity-with-another-seed': [
      'KEYPAIR_MISMATCH',
      withField(4, counting(0x61)),
      'The keys are not those of the seed.',
    ],
    'identity-with-another-sign-key': [
      'KEYPAIR_MISMATCH',
      withField(5, [other.sign, device.keys.box]),
      'Half of the keys.',
    ],
    'identity-with-another-box-key': [
      'KEYPAIR_MISMATCH',
      withField(5, [device.keys.sign, other.box]),
      'The other half.',
    ],
    'identity-with-epochs-out-of-order': ['VAULT', withField(6, [...fields[6]].reverse()), 'Ascending.'],
    'identity-with-an-epoch-twice': ['VAULT', withField(6, [fields[6][0], fields[6][0]]), 'Once each.'],
    'identity-with-a-log-key-that-is-none': ['VAULT', withField(2, 'log.example'), 'Not a verifier key.'],
    'identity-of-six-fields': ['VAULT', p.encode(fields.slice(0, 6)), 'Seven.'],
    'identity-cut': ['VAULT', soundIdentity.slice(0, -1), 'The last byte is missing.'],
  }
  for (const [name, [code, bytes, comment]] of Object.entries(wrongIdentities))
    await refuses(name, code, { ...identity(bytes), spec: rejects, comment })
  return files
}
