// Vaults: named sealed blobs under a passphrase or a host's key. Spec: docs/spec/vault.md.

import { hkdfSync } from 'node:crypto'
import { argon2id } from '@noble/hashes/argon2.js'
import { bind, decode, encode, type Value } from '@sealchart/protocol'
import fc from 'fast-check'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import { systemRandom } from '../src/check.js'
import { sealBytes } from '../src/floe.js'
import { checkKdf } from '../src/passphrase.js'
import {
  createVaultKey,
  openBlob,
  openVaultKey,
  sealBlob,
  sealVaultKey,
  type Unlock,
  type VaultKey,
} from '../src/vault.js'
import { codesOfDamage } from './places.js'
import { counted, expectCode, filled, flip, notBytes } from './support.js'

const passphrase: Unlock = { passphrase: 'staple über horse' }
const host: Unlock = { hostKey: filled(9) }
const MiB64 = 65_536
let byPassphrase: { header: Uint8Array; master: VaultKey }
let byHost: { header: Uint8Array; master: VaultKey }

beforeAll(async () => {
  byPassphrase = await createVaultKey(passphrase, counted(1))
  byHost = await createVaultKey(host, counted(2))
})

describe('headers', () => {
  test('open to the same master key, by passphrase and by host key', async () => {
    expect(await openVaultKey(passphrase, byPassphrase.header)).toEqual(byPassphrase.master)
    expect(await openVaultKey(host, byHost.header)).toEqual(byHost.master)
    expect(byHost.master).not.toEqual(byPassphrase.master)
  })

  test('a passphrase typed in another normalisation is the same', async () => {
    const typed = { passphrase: 'staple über horse'.normalize('NFD') }
    expect(typed.passphrase).not.toBe('staple über horse'.normalize('NFC'))
    expect(await openVaultKey(typed, byPassphrase.header)).toEqual(byPassphrase.master)
  })

  test('another passphrase, another host key and the other way of unlocking end alike', async () => {
    await expectCode('VAULT', () => openVaultKey({ passphrase: 'staple über Horse' }, byPassphrase.header))
    await expectCode('VAULT', () => openVaultKey({ hostKey: flip(filled(9), 0) }, byHost.header))
    await expectCode('VAULT', () => openVaultKey(passphrase, byHost.header))
    await expectCode('VAULT', () => openVaultKey(host, byPassphrase.header))
  })

  test('every flipped bit, cut and added byte ends alike', async () => {
    expect(await codesOfDamage(byHost.header, (copy) => openVaultKey(host, copy))).toEqual(['VAULT'])
  })

  test('damaged parameters never reach the derived key', async () => {
    const [, kdf, sealed] = decode(byPassphrase.header) as [number, Value[], Uint8Array]
    const withKdf = (change: Value[]) => encode([1, kdf.map((field, i) => change[i] ?? field), sealed])
    // A dearer derivation, and another salt, give another key.
    await expectCode('VAULT', () => openVaultKey(passphrase, withKdf(['argon2id', MiB64, 4])))
    await expectCode('VAULT', () => openVaultKey(passphrase, withKdf(['argon2id', MiB64, 3, filled(7, 16)])))
  })

  const salt = filled(3, 16)
  const refused: [string, string, Value[]][] = [
    ['KDF_FLOOR', 'memory below 64 MiB', ['argon2id', MiB64 - 1, 3, salt]],
    ['KDF_FLOOR', 'no memory', ['argon2id', 0, 3, salt]],
    ['KDF_FLOOR', 'two passes', ['argon2id', MiB64, 2, salt]],
    ['KDF_FLOOR', 'no pass', ['argon2id', MiB64, 0, salt]],
    ['KDF_FLOOR', '15 bytes of salt', ['argon2id', MiB64, 3, filled(3, 15)]],
    ['KDF_FLOOR', 'no salt', ['argon2id', MiB64, 3, new Uint8Array(0)]],
    ['KDF_FLOOR', 'argon2i', ['argon2i', MiB64, 3, salt]],
    ['KDF_FLOOR', 'pbkdf2', ['pbkdf2', MiB64, 10, salt]],
    ['KDF_CAP', 'memory above 1 GiB', ['argon2id', 2 ** 20 + 1, 3, salt]],
    ['KDF_CAP', 'memory of 2^53 − 1 KiB', ['argon2id', Number.MAX_SAFE_INTEGER, 3, salt]],
    ['KDF_CAP', '11 passes', ['argon2id', MiB64, 11, salt]],
    ['KDF_CAP', '17 bytes of salt', ['argon2id', MiB64, 3, filled(3, 17)]],
  ]
  test.each(refused)('%s for %s, before anything is derived', async (code, _, kdf) => {
    const { default: sodium } = await import('libsodium-wrappers-sumo')
    const derivation = vi.spyOn(sodium, 'crypto_pwhash')
    await expectCode(code, () => openVaultKey(passphrase, encode([1, kdf, filled(1, 138)])))
    await expectCode(code, () => openVaultKey(host, encode([1, kdf, filled(1, 138)])))
    expect(derivation).not.toHaveBeenCalled()
    derivation.mockRestore()
  })

  test('may cost what floor and cap say, to the last KiB', () => {
    expect(() => checkKdf({ memory: MiB64, passes: 3, salt })).not.toThrow()
    expect(() => checkKdf({ memory: 2 ** 20, passes: 10, salt })).not.toThrow()
  })

  test('keep nothing of the memory that the source of randomness answered with', async () => {
    const answers: Uint8Array[] = []
    const { master } = await createVaultKey(host, (length) => {
      answers.push(filled(answers.length, length))
      return answers.at(-1) as Uint8Array
    })
    for (const answer of answers) answer.fill(0xff)
    expect(master).toEqual(filled(0))
  })

  test('are not made below the floor or above the cap', async () => {
    for (const [code, memory, passes] of [
      ['KDF_FLOOR', MiB64 - 1, 3],
      ['KDF_FLOOR', MiB64, 2],
      ['KDF_CAP', 2 ** 20 + 1, 3],
      ['KDF_CAP', MiB64, 11],
    ] as const) {
      await expectCode(code, () => createVaultKey(passphrase, counted(), { memory, passes }))
    }
    const [, kdf] = decode(byPassphrase.header) as [number, Value[]]
    expect(kdf.slice(0, 3)).toEqual(['argon2id', MiB64, 3])
  })

  test('are what Argon2id and HKDF of other libraries give', async () => {
    const [, kdf, sealed] = decode(byPassphrase.header) as [number, Value[], Uint8Array]
    const derived = argon2id('staple über horse'.normalize('NFC'), kdf[3] as Uint8Array, {
      t: 3,
      m: MiB64,
      p: 1,
      dkLen: 32,
    })
    const key = new Uint8Array(hkdfSync('sha256', derived, '', bind('vaultUnlock', []), 32))
    // The master key and the IV as the header's maker drew them.
    const iv = sealed.slice(10, 42)
    const segmentIv = sealed.slice(78, 90)
    const draws = [iv, segmentIv]
    const again = await sealBytes(
      key,
      bind('vaultHeader', [1, kdf]),
      byPassphrase.master,
      () => draws.shift() as Uint8Array,
    )
    expect(again).toEqual(sealed)
  })

  test.each([
    ['nothing', new Uint8Array(0)],
    ['another format', encode([2, null, filled(1, 138)])],
    ['a blob', encode([1, 7, filled(1, 138)])],
    ['a cut object', encode([1, null, filled(1, 73)])],
    ['no object', encode([1, null, new Uint8Array(0)])],
    ['a fourth field', encode([1, null, filled(1, 138), 0])],
    ['five parameters', encode([1, ['argon2id', MiB64, 3, filled(3, 16), 1], filled(1, 138)])],
  ])('%s is no header', async (_, header) => {
    await expectCode('VAULT', () => openVaultKey(host, header))
  })

  test.each([0, 31, 33])('%i bytes under the right key are no master key', async (length) => {
    const key = new Uint8Array(hkdfSync('sha256', filled(9), '', bind('vaultUnlock', []), 32))
    const sealed = await sealBytes(key, bind('vaultHeader', [1, null]), new Uint8Array(length), counted())
    await expectCode('VAULT', () => openVaultKey(host, encode([1, null, sealed])))
  })

  test('a new passphrase opens the same vault, and the old one not the new header', async () => {
    const changed = await sealVaultKey(byHost.master, { hostKey: filled(10) }, counted(5))
    expect(await openVaultKey({ hostKey: filled(10) }, changed)).toEqual(byHost.master)
    await expectCode('VAULT', () => openVaultKey(host, changed))
  })

  test('a new passphrase costs the floor too, unless told', async () => {
    const [, kdf] = decode(await sealVaultKey(byHost.master, passphrase, counted(6))) as [number, Value[]]
    expect(kdf.slice(0, 3)).toEqual(['argon2id', MiB64, 3])
  })

  test.each([
    ['an empty', ''],
    ['a numeric', 5],
    ['a malformed', 'a\ud800'],
    ['no', undefined],
  ])('%s passphrase is none', async (_, value) => {
    await expectCode('USAGE', () => createVaultKey({ passphrase: value as string }, counted()))
    await expectCode('USAGE', () => openVaultKey({ passphrase: value as string }, byPassphrase.header))
  })

  test.each(notBytes)('%s is no host key and no header', async (_, value) => {
    await expectCode('USAGE', () => createVaultKey({ hostKey: value as Uint8Array }, counted()))
    await expectCode('USAGE', () => openVaultKey({ hostKey: value as Uint8Array }, byHost.header))
    await expectCode('USAGE', () => openVaultKey(host, value as Uint8Array))
  })
})

describe('blobs', () => {
  const content = { counter: 7, bytes: filled(4, 300) }
  const seal = (name = 'pins', counter = 7) => sealBlob(byHost.master, name, { ...content, counter }, counted())

  test('open to bytes and counter', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.maxSafeNat(), async (bytes, counter) => {
        const sealed = await sealBlob(byHost.master, 'identity', { bytes, counter }, counted())
        expect(await openBlob(byHost.master, 'identity', sealed)).toEqual({ bytes, counter })
      }),
      { numRuns: effort(50) },
    )
  })

  test('of more than one segment too', async () => {
    const bytes = filled(4, 200_000)
    const sealed = await sealBlob(byHost.master, 'pins', { bytes, counter: 1 }, counted())
    expect((await openBlob(byHost.master, 'pins', sealed)).bytes).toEqual(bytes)
  })

  test('are at most 16 MiB long, and LIMIT beyond', async () => {
    const most = 16 * 1024 * 1024
    for (const length of [most - 4096, most, most + 1]) {
      const content = { counter: 1, bytes: new Uint8Array(length) }
      await expectCode('LIMIT', () => sealBlob(byHost.master, 'pins', content, systemRandom))
    }
    const bytes = new Uint8Array(most - 16_384)
    const sealed = await sealBlob(byHost.master, 'pins', { counter: 1, bytes }, systemRandom)
    expect((await openBlob(byHost.master, 'pins', sealed)).bytes.length).toBe(bytes.length)
  })

  test('open under their own name and vault alone', async () => {
    const names = ['identity', 'pins', 'pins ', 'journal']
    for (const sealedAs of names) {
      const sealed = await seal(sealedAs)
      for (const name of names) {
        await expectCode(name === sealedAs ? 'accepted' : 'VAULT', () => openBlob(byHost.master, name, sealed))
      }
      await expectCode('VAULT', () => openBlob(byPassphrase.master, sealedAs, sealed))
    }
  })

  test('are what HKDF of another library gives: each name has a key of its own', async () => {
    const key = new Uint8Array(hkdfSync('sha256', byHost.master, '', bind('vaultKey', ['pins']), 32))
    const sealed = await sealBytes(key, bind('vault', [1, 'pins', 7]), content.bytes, counted())
    expect(await openBlob(byHost.master, 'pins', encode([1, 7, sealed]))).toEqual(content)
  })

  test('of two users, spliced together, do not open', async () => {
    const other = await createVaultKey(host, counted(77))
    const theirs = await sealBlob(other.master, 'identity', content, counted())
    const master = await openVaultKey(host, byHost.header)
    await expectCode('VAULT', () => openBlob(master, 'identity', theirs))
    await expectCode('VAULT', async () =>
      openBlob(await openVaultKey(host, other.header), 'identity', await seal('identity')),
    )
  })

  test('every flipped bit, cut and added byte ends alike', async () => {
    const sealed = await sealBlob(byHost.master, 'pins', { counter: 70_000, bytes: filled(4, 40) }, counted())
    expect(await codesOfDamage(sealed, (copy) => openBlob(byHost.master, 'pins', copy))).toEqual(['VAULT'])
  })

  test('another counter on a sealed blob does not open', async () => {
    const [format, , sealed] = decode(await seal()) as [number, number, Uint8Array]
    for (const counter of [0, 6, 8, 2 ** 40]) {
      await expectCode('VAULT', () => openBlob(byHost.master, 'pins', encode([format, counter, sealed])))
    }
  })

  test('an older blob served back shows to who remembers the counter', async () => {
    const [older, newer] = [await seal('pins', 7), await seal('pins', 8)]
    await expectCode('ROLLBACK', () => openBlob(byHost.master, 'pins', older, 8))
    expect((await openBlob(byHost.master, 'pins', newer, 8)).counter).toBe(8)
    expect((await openBlob(byHost.master, 'pins', newer, 7)).counter).toBe(8)
  })

  test('equal contents give different blobs', async () => {
    const random = counted()
    const two = [
      await sealBlob(byHost.master, 'pins', content, random),
      await sealBlob(byHost.master, 'pins', content, random),
    ]
    expect(two[0]).not.toEqual(two[1])
  })

  test.each([
    ['an empty name', { name: '' }],
    ['a name of 101 characters', { name: 'n'.repeat(101) }],
    ['a name with a control character', { name: 'a\u0000' }],
    ['no name', { name: undefined }],
    ['a negative counter', { counter: -1 }],
    ['half a counter', { counter: 0.5 }],
    ['no counter', { counter: undefined }],
  ] as [string, { name?: string; counter?: number }][])('%s is the caller’s mistake', async (_, change) => {
    const { name, counter } = { name: 'pins', counter: 1, ...change }
    await expectCode('USAGE', () =>
      sealBlob(byHost.master, name as string, { bytes: filled(1), counter: counter as number }, counted()),
    )
  })

  test.each(notBytes)('%s is no master key, content or blob', async (_, value) => {
    const bad = value as never
    const sealed = await seal()
    await expectCode('USAGE', () => sealBlob(bad, 'pins', content, counted()))
    await expectCode('USAGE', () => sealBlob(byHost.master, 'pins', { counter: 1, bytes: bad }, counted()))
    await expectCode('USAGE', () => openBlob(bad, 'pins', sealed))
    await expectCode('USAGE', () => openBlob(byHost.master, 'pins', bad))
  })
})
