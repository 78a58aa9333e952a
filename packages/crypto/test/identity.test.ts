// Identities: what a vault keeps of a device, compared with itself at every reading. Spec: docs/spec/vault.md, "Identity".
import { decode, encode, encodeNoteKey, noteKey, type Value } from '@sealchart/protocol'
import { beforeAll, describe, expect, test } from 'vitest'
import { decodeIdentity, encodeIdentity, type Identity } from '../src/identity.js'
import { deviceFromSeed } from '../src/keys.js'
import { ready } from '../src/sodium.js'
import { id, secret } from './places.js'
import { codeOf, expectCode, filled, flip, notBytes } from './support.js'

let identity: Identity

beforeAll(async () => {
  await ready()
  identity = {
    network: id(1),
    founding: id(2),
    logKey: encodeNoteKey(noteKey('relay.example', deviceFromSeed(secret(3)).keys.sign)),
    chain: id(4),
    seed: secret(5),
    keys: deviceFromSeed(secret(5)).keys,
    epochs: [
      { epoch: 0, secret: secret(6) },
      { epoch: 2, secret: secret(7) },
    ],
  }
})

describe('identities', () => {
  test('are read as they were written, also without epochs', () => {
    for (const one of [identity, { ...identity, epochs: [] }]) expect(decodeIdentity(encodeIdentity(one))).toEqual(one)
  })

  test('public keys of another seed are noticed, whichever was exchanged', async () => {
    const other = deviceFromSeed(secret(9)).keys
    const fields = decode(encodeIdentity(identity)) as Value[]
    for (const keys of [other, { ...identity.keys, sign: other.sign }, { ...identity.keys, box: other.box }]) {
      await expectCode('KEYPAIR_MISMATCH', () => encodeIdentity({ ...identity, keys }))
      await expectCode('KEYPAIR_MISMATCH', () => decodeIdentity(encode(fields.with(5, [keys.sign, keys.box]))))
    }
    await expectCode('KEYPAIR_MISMATCH', () => decodeIdentity(encode(fields.with(4, filled(9)))))
  })

  test('no flipped bit of seed or keys is accepted', async () => {
    const encoded = encodeIdentity(identity)
    const fields = decode(encoded) as Value[]
    const before = encode(fields.slice(0, 4)).length + 2
    const codes = new Set<string>()
    for (let at = before; at < before + 32 + 1254; at += 5)
      codes.add(await codeOf(() => decodeIdentity(flip(encoded, 8 * at + (at % 8)))))
    expect([...codes].toSorted()).toEqual(['KEYPAIR_MISMATCH', 'VAULT'])
  })

  const wrong: [string, number, Value][] = [
    ['a short network id', 0, filled(1, 31)],
    ['a log key of another form', 2, 'relay.example+00000000+AAAA'],
    ['no seed', 4, null],
    ['an expanded ML-KEM key as seed', 4, filled(1, 2400)],
    ['a box key of 2,400 bytes', 5, [filled(1), filled(1, 2400)]],
    [
      'epochs out of order',
      6,
      [
        [2, filled(6)],
        [0, filled(7)],
      ],
    ],
    [
      'an epoch twice',
      6,
      [
        [2, filled(6)],
        [2, filled(7)],
      ],
    ],
    ['a short epoch secret', 6, [[2, filled(6, 31)]]],
  ]
  test.each(wrong)('%s is refused', async (_, field, value) => {
    const fields = decode(encodeIdentity(identity)) as Value[]
    await expectCode('VAULT', () => decodeIdentity(encode(fields.with(field, value))))
  })

  test('other lengths and bytes are refused', async () => {
    const encoded = encodeIdentity(identity)
    for (const copy of [
      new Uint8Array(0),
      encoded.subarray(1),
      encoded.subarray(0, -1),
      Uint8Array.of(...encoded, 0),
    ]) {
      await expectCode('VAULT', () => decodeIdentity(copy))
    }
    await expectCode('USAGE', () => encodeIdentity({ ...identity, logKey: 'x' }))
  })

  test.each(notBytes)('%s is no identity and no seed', async (_, value) => {
    await expectCode('USAGE', () => decodeIdentity(value as Uint8Array))
    await expectCode('USAGE', () => encodeIdentity({ ...identity, seed: value as never }))
  })
})
