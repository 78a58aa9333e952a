// Entries: one encoding, form, identity and signature. Spec: docs/spec/entries.md.
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import { bodies, kinds } from '../src/bodies.js'
import { type ChainId, equal, hex } from '../src/bytes.js'
import { decode, encode, type Value } from '../src/codec.js'
import { bind, labels, type Purpose } from '../src/context.js'
import { decodeSign1, sign1, verifySign1 } from '../src/cose.js'
import { ready, verify } from '../src/ed25519.js'
import {
  type AnyEntry,
  chainIdOf,
  claimHash,
  decodeEntry,
  FORMAT,
  is,
  shortId,
  signEntry,
  verifyEntry,
} from '../src/entry.js'
import { limits } from '../src/limits.js'
import { signRequest, verifyRequest } from '../src/request.js'
import { enrolmentMessage } from '../src/rules/authority.js'
import { type Actor, backTo, idOf, newDevice, World } from './actors.js'
import { everyEntry } from './every-entry.js'
import { expectCode } from './expect-code.js'
import { codeOf, codeOfAsync } from './support.js'

let world: World
let entries: AnyEntry[]

beforeAll(async () => {
  await ready()
  world = await World.founded()
  entries = await everyEntry(world)
})

const names = Object.entries(bodies).flatMap(([kind, types]) => Object.keys(types).map((type) => [kind, type] as const))
const oneOf = (kind: string, type: string): AnyEntry => {
  const entry = entries.find((one) => one.kind === kind && one.type === type)
  if (!entry) throw new Error(`no entry ${kind} ${type}`)
  return entry
}

/** The entry with another payload, signed by a key that its signer does not have: for what is refused before signatures count. */
async function rewritten(entry: AnyEntry, change: (payload: Value[]) => void): Promise<Uint8Array> {
  const { payload } = decodeSign1(entry.bytes)
  const fields = [...(decode(payload) as Value[])]
  change(fields)
  const { chain, device } = entry.signer
  return sign1({ chain, device, payload: encode(fields), aad: bind('entry', [null]) }, newDevice('forger').sign)
}

describe.each(names)('%s %s', (kind, type) => {
  it('comes back as it was signed', () => {
    const entry = oneOf(kind, type)
    const decoded = decodeEntry(entry.bytes)
    expect(decoded).toEqual(entry)
    expect(decoded.bytes).not.toBe(entry.bytes)
    expect(is(decoded, entry.kind as 'member', entry.type as 'found')).toBe(true)
    expect(is(decoded, 'network', 'admit')).toBe(kind === 'network' && type === 'admit')
  })

  it('has one encoding', async () => {
    const { bytes, hash, link, signer, ...statement } = oneOf(kind, type)
    const device = devices().find((one) => equal(one.id, signer.device))
    if (!device) throw new Error('no such device')
    const again = await signEntry(statement as never, { ...signer, sign: device.sign }, networkOf(oneOf(kind, type)))
    expect(hex(again.bytes)).toBe(hex(bytes))
    expect([again.hash, again.link]).toEqual([hash, link])
    expect(hex(hash)).not.toBe(hex(link))
  })

  it('verifies under its signer’s key in its network, and under nothing else', () => {
    const entry = oneOf(kind, type)
    const key = devices().find((one) => equal(one.id, entry.signer.device))?.keys.sign as Uint8Array
    const network = networkOf(entry)
    verifyEntry(entry, key, network)
    expectCode('SIG', () => verifyEntry(entry, newDevice('somebody else').keys.sign, network))
    expectCode('SIG', () => verifyEntry(entry, key, idOf('another network')))
    expectCode('SIG', () => verifyEntry(entry, key, network === null ? world.network.chain : null))
  })

  it('refuses each value of its body replaced by one of another type', async () => {
    const entry = oneOf(kind, type)
    for (const path of pathsOf((decode(decodeSign1(entry.bytes).payload) as Value[])[10] as Value)) {
      const encoded = await rewritten(entry, (fields) => void (fields[10] = replaced(fields[10] as Value, path)))
      expect(['DECODE_SHAPE', 'KEY_FORMAT'], path.join('.')).toContain(codeOf(() => decodeEntry(encoded)))
    }
  })

  it('refuses a body with a field more or less', async () => {
    const entry = oneOf(kind, type)
    const body = (decode(decodeSign1(entry.bytes).payload) as Value[])[10] as Value[]
    for (const changed of [[...body, null], ...(body.length === 0 ? [] : [body.slice(0, -1)])]) {
      const encoded = await rewritten(entry, (fields) => void (fields[10] = changed))
      expectCode('DECODE_SHAPE', () => decodeEntry(encoded))
    }
  })
})

const networkOf = (entry: AnyEntry): ChainId | null => (is(entry, 'network', 'found') ? null : world.network.chain)

const devices = () =>
  ['root', 'root of Hospital', 'root of Kowloon East Clinic', 'second issuer', 'chan', 'lee', 'phone']
    .map((name) => newDevice(name))
    .concat(['issuer of Hospital', 'issuer of Kowloon East Clinic'].map((name) => newDevice(name)))

/** The paths of all values in a body: leaves, and arrays themselves. */
function pathsOf(value: Value, at: readonly number[] = []): number[][] {
  const own = [[...at]]
  return Array.isArray(value) ? [...own, ...value.flatMap((item, i) => pathsOf(item, [...at, i]))] : own
}

/** The body with one value exchanged: for what takes it, a boolean is of the wrong type everywhere. */
function replaced(value: Value, path: readonly number[]): Value {
  const [first, ...rest] = path
  if (first === undefined) return true
  return (value as readonly Value[]).map((item, i) => (i === first ? replaced(item, rest) : item))
}

it('the tests go over every type', () => {
  expect(new Set(entries.map(({ kind, type }) => `${kind} ${type}`))).toEqual(
    new Set(names.map((name) => name.join(' '))),
  )
})

describe('the payload', () => {
  const entry = () => oneOf('network', 'admit')
  const wrong: readonly (readonly [string, number, Value, string])[] = [
    ['another format', 0, 2, 'DOWNGRADE'],
    ['format 0', 0, 0, 'DOWNGRADE'],
    ['a negative format', 0, -1, 'DOWNGRADE'],
    ['no format', 0, null, 'DECODE_SHAPE'],
    ['kind 0', 1, 0, 'DECODE_SHAPE'],
    ['the registration’s kind', 1, 4, 'DECODE_SHAPE'],
    ['the team’s kind', 1, 5, 'DECODE_SHAPE'],
    ['kind 8', 1, 8, 'DECODE_SHAPE'],
    ['another kind', 1, kinds.record, 'DECODE_SHAPE'],
    ['a chain of 31 bytes', 2, new Uint8Array(31), 'DECODE_SHAPE'],
    ['a negative sequence', 3, -1, 'DECODE_SHAPE'],
    ['a link of 33 bytes', 4, new Uint8Array(33), 'DECODE_SHAPE'],
    ['a time before 1970', 5, -1, 'DECODE_SHAPE'],
    ['seen without a root', 6, [1], 'DECODE_SHAPE'],
    ['seen by a negative size', 6, [-1, new Uint8Array(32)], 'DECODE_SHAPE'],
    ['rests on nothing that has form', 7, [[]], 'DECODE_SHAPE'],
    ['rests on no list', 7, null, 'DECODE_SHAPE'],
    ['a pass, which this version has not', 8, new Uint8Array(32), 'DECODE_SHAPE'],
    ['a short pass', 8, new Uint8Array(31), 'DECODE_SHAPE'],
    ['no type', 9, '', 'DECODE_SHAPE'],
    ['a type that is not', 9, 'admits', 'DECODE_SHAPE'],
    ['a type of another kind', 9, 'appoint', 'DECODE_SHAPE'],
    ['a property of every object', 9, 'constructor', 'DECODE_SHAPE'],
    ['the prototype', 9, '__proto__', 'DECODE_SHAPE'],
    ['a private part of 31 bytes', 11, new Uint8Array(31), 'DECODE_SHAPE'],
  ]
  it.each(wrong)('with %s', async (_, field, value, code) => {
    const encoded = await rewritten(entry(), (fields) => void (fields[field] = value))
    expect(codeOf(() => decodeEntry(encoded))).toBe(code)
  })

  it('with a field more or less, or none at all', async () => {
    for (const change of [
      (fields: Value[]) => void fields.push(null),
      (fields: Value[]) => void fields.pop(),
      (fields: Value[]) => void fields.splice(0, 12),
    ]) {
      const encoded = await rewritten(entry(), change)
      expectCode('DECODE_SHAPE', () => decodeEntry(encoded))
    }
  })

  it('rests on 16 chains, and no more', async () => {
    const rests = (count: number) => Array.from({ length: count }, (_, i) => [idOf(`chain ${i}`), i, idOf('link')])
    const most = await rewritten(entry(), (fields) => void (fields[7] = rests(limits.restsOn)))
    expect(decodeEntry(most).restsOn).toHaveLength(limits.restsOn)
    const more = await rewritten(entry(), (fields) => void (fields[7] = rests(limits.restsOn + 1)))
    expectCode('DECODE_SHAPE', () => decodeEntry(more))
  })

  it('the format is 1', () => expect(FORMAT).toBe(1))
})

describe('64 KiB', () => {
  const device = newDevice('long')
  const signer: Actor = { chain: idOf('chain'), device }
  /** A revocation is padded by its grants and its card’s back-link to any length. */
  const long = async (length: number) => {
    const grants = Array.from({ length: 256 }, (_, i) => idOf(`grant ${i}`))
    const epochs = Array.from({ length: 200 }, (_, i) => ({
      ...world.start(i, 1),
      back: backTo(0, new Uint8Array(200)),
    }))
    const made = async (extra: number) => {
      const padded = epochs.map((start, i) => ({
        ...start,
        back: backTo(0, new Uint8Array(Math.max(24, Math.min(256, extra - i * 256)))),
      }))
      const body = {
        credential: idOf('credential'),
        mode: 'revoke',
        grants,
        trail: world.trailStart(1),
        epochs: padded,
        contents: [],
        wraps: world.wraps({ asOf: 0 }),
      }
      return world.sign({
        kind: 'record',
        type: 'revoke',
        chain: signer.chain,
        by: signer,
        body: body as never,
        sequence: 1,
        previous: idOf('link'),
      })
    }
    for (let low = 0, high = 60_000; low <= high; ) {
      const middle = (low + high) >> 1
      const entry = await made(middle).catch(() => null)
      if (entry?.bytes.length === length) return entry
      if (entry && entry.bytes.length < length) low = middle + 1
      else high = middle - 1
    }
    return null
  }

  it('fit, a byte more does not', async () => {
    const entry = await long(limits.entry)
    expect(entry?.bytes.length).toBe(limits.entry)
    expect(codeOf(() => decodeEntry(entry?.bytes as Uint8Array))).toBe('accepted')
    expectCode('TOO_LARGE', () => decodeEntry(new Uint8Array(limits.entry + 1)))
    expectCode('DECODE_SHAPE', () => decodeEntry(new Uint8Array(limits.entry)))
  })

  it('nothing longer is signed', async () => {
    let signed = 0
    const counting = () => {
      signed++
      return new Uint8Array(64)
    }
    const by = { chain: signer.chain, device: { ...device, sign: counting } }
    const epochs = Array.from({ length: 250 }, (_, i) => ({
      ...world.start(i, 1),
      back: backTo(0, new Uint8Array(256)),
    }))
    const entry = world.publish(idOf('record'), { ...by, credential: idOf('c'), institution: idOf('i') }, [], {
      restsOn: [],
      sequence: 1,
      previous: idOf('link'),
      body: { epochs, version: 1 },
    })
    expect(await codeOfAsync(() => entry)).toBe('LIMIT')
    expect(signed).toBe(0)
  })
})

describe('signing', () => {
  const admit = () => oneOf('network', 'admit')
  const signing = async (over: object) => {
    const { bytes: _b, hash: _h, link: _l, signer, ...statement } = admit()
    return codeOfAsync(() =>
      signEntry({ ...statement, ...over } as never, { ...signer, sign: newDevice('root').sign }, world.network.chain),
    )
  }

  it('refuses what a reader would refuse, as the caller’s fault', async () => {
    expect(await signing({})).toBe('accepted')
    for (const over of [
      { type: 'nothing' },
      { type: 'appoint' },
      { type: undefined },
      { kind: 'team' },
      { kind: 'constructor' },
      { kind: undefined },
      { chain: new Uint8Array(31) },
      { sequence: -1 },
      { sequence: 1.5 },
      { time: 2 ** 53 },
      { restsOn: null },
      { restsOn: [{}] },
      { body: {} },
      { body: null },
      { private: new Uint8Array(1) },
      { seen: {} },
    ]) {
      expect(await signing(over), JSON.stringify(over)).toBe('USAGE')
    }
    for (const nothing of [undefined, null, 1, 'entry', []]) {
      expect(await codeOfAsync(() => signEntry(nothing as never, admit().signer as never, null))).toBe('USAGE')
    }
  })

  it('any flipped bit breaks form or signature', () => {
    const key = newDevice('root').keys.sign
    fc.assert(
      fc.property(fc.constantFrom('admit', 'relay', 'remove'), fc.nat(), (type, at) => {
        const { bytes } = oneOf('network', type)
        const flipped = bytes.slice()
        const bit = at % (8 * bytes.length)
        flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7))
        expect(codeOf(() => verifyEntry(decodeEntry(flipped), key, world.network.chain))).not.toBe('accepted')
      }),
      { numRuns: effort(300) },
    )
  })

  it('any truncation is refused', () => {
    const { bytes } = admit()
    for (let length = 0; length < bytes.length; length++) {
      expect(codeOf(() => decodeEntry(bytes.subarray(0, length)))).toMatch(/^DECODE_/)
    }
    expectCode('DECODE_TRAILING', () => decodeEntry(new Uint8Array([...bytes, 0])))
  })
})

describe('a signature for one purpose is none for another', () => {
  const device = newDevice('confused')
  const purposes = Object.keys(labels) as Purpose[]
  const network = idOf<ChainId>('network')

  it('P × P, over one payload', async () => {
    for (const made of purposes) {
      const signed = await sign1(
        { chain: network, device: device.id, payload: encode([1]), aad: bind(made, [network]) },
        device.sign,
      )
      for (const offered of purposes) {
        const code = codeOf(() => verifySign1(signed, device.keys.sign, bind(offered, [network])))
        expect(code, `${made} as ${offered}`).toBe(made === offered ? 'accepted' : 'SIG')
      }
    }
  })

  it('entry, enrolment and request, as they are signed', async () => {
    const entry = oneOf('member', 'accept')
    const chan = newDevice('chan')
    const message = enrolmentMessage(world.network.chain, entry.chain, chan.keys)
    const proof = await chan.sign(message)
    const url = 'https://relay.example/v1/sync'
    const request = { method: 'POST', url, body: entry.bytes, chain: entry.chain, device: chan.id, created: 1000 }
    const headers = new Headers(Object.entries(await signRequest(request, chan.sign)))
    const signature = /:([A-Za-z0-9+/=]+):/.exec(headers.get('signature') as string)?.[1] as string
    const signatures = {
      entry: decodeSign1(entry.bytes).signature,
      enrolment: proof,
      request: new Uint8Array(Buffer.from(signature, 'base64')),
    }
    const entryWith = (bytes: Uint8Array) => {
      const forged = entry.bytes.slice()
      forged.set(bytes, forged.length - 64)
      return codeOf(() => verifyEntry(decodeEntry(forged), chan.keys.sign, world.network.chain))
    }
    const requestWith = (bytes: Uint8Array) => {
      const forged = new Headers(headers)
      forged.set(
        'signature',
        (headers.get('signature') as string).replace(signature, Buffer.from(bytes).toString('base64')),
      )
      return codeOfAsync(() => verifyRequest({ ...request, headers: forged, now: 1000 }, () => chan.keys.sign))
    }
    for (const [purpose, bytes] of Object.entries(signatures)) {
      expect(entryWith(bytes), purpose).toBe(purpose === 'entry' ? 'accepted' : 'SIG')
      expect(verify(chan.keys.sign, message, bytes), purpose).toBe(purpose === 'enrolment')
      expect(await requestWith(bytes), purpose).toBe(purpose === 'request' ? 'accepted' : 'REQUEST_SIGNATURE')
    }
  })
})

describe('ids and hashes', () => {
  it('a chain’s id depends on network, founder and nonce', () => {
    const ids = [
      chainIdOf(null, idOf('a'), idOf('b')),
      chainIdOf(idOf('n'), idOf('a'), idOf('b')),
      chainIdOf(idOf('n'), idOf('b'), idOf('a')),
      chainIdOf(idOf('n'), idOf('a'), idOf('c')),
    ]
    expect(new Set(ids.map(hex)).size).toBe(4)
    expect(shortId(ids[0] as Uint8Array)).toBe(hex(ids[0] as Uint8Array).slice(0, 8))
  })

  it('a claim’s hash depends on member, name, salt and value', () => {
    const claim = { name: 'role', salt: new Uint8Array(16), value: 'surgeon' }
    const hashes = [
      claimHash(idOf('m'), claim),
      claimHash(idOf('n'), claim),
      claimHash(idOf('m'), { ...claim, name: 'rol', value: 'esurgeon' }),
      claimHash(idOf('m'), { ...claim, salt: new Uint8Array(16).fill(1) }),
      claimHash(idOf('m'), { ...claim, value: 'nurse' }),
    ]
    expect(new Set(hashes.map(hex)).size).toBe(5)
  })
})
