// Limits: each that this package enforces is tried at the limit and one beyond, here or beside what it limits.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { appendRequest, inboxRequest, meetingRequest, recordsRequest, syncAnswer } from '../src/api.js'
import { bodies } from '../src/bodies.js'
import type { ChainId, Digest } from '../src/bytes.js'
import { type Claim, decodeClaims, encodeClaims } from '../src/claims.js'
import { claimHash } from '../src/entry.js'
import { errorCodes } from '../src/errors.js'
import { limits } from '../src/limits.js'
import { pack, type Shape } from '../src/shape.js'
import { newDevice } from './devices.js'
import { expectCode } from './expect-code.js'
import { codeOf } from './support.js'
import { idOf } from './test-log.js'

const fits = <T>(shape: Shape<T>, value: T): boolean => codeOf(() => pack(shape, value)) === 'accepted'
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value)
const request = {
  entries: [new Uint8Array(1)],
  attachments: [],
  beside: [],
  segments: [],
  uploads: [],
  token: null,
  seen: 0,
}

describe('requests and answers', () => {
  const table: readonly (readonly [string, number, (n: number) => boolean])[] = [
    [
      'entries of a list',
      limits.list,
      (n) => fits(appendRequest, { ...request, entries: times(n, new Uint8Array(1)) }),
    ],
    ['bytes of an entry', limits.entry, (n) => fits(appendRequest, { ...request, entries: [new Uint8Array(n)] })],
    [
      'bytes of an attachment',
      limits.inlineAttachments,
      (n) => fits(appendRequest, { ...request, attachments: [new Uint8Array(n)] }),
    ],
    ['bytes beside an entry', limits.private, (n) => fits(appendRequest, { ...request, beside: [new Uint8Array(n)] })],
    [
      'bytes of a small segment',
      limits.segment,
      (n) =>
        fits(appendRequest, {
          ...request,
          segments: [{ record: idOf<ChainId>('r'), section: 1, bytes: new Uint8Array(n) }],
        }),
    ],
    [
      'number of a section',
      limits.sections,
      (n) =>
        fits(appendRequest, {
          ...request,
          segments: [{ record: idOf<ChainId>('r'), section: n, bytes: new Uint8Array(1) }],
        }),
    ],
    ['records of a page', 100, (n) => fits(recordsRequest, { seen: 0, record: null, after: null, limit: n, have: [] })],
    [
      'bytes left at a meeting',
      limits.meeting,
      (n) => fits(meetingRequest, { place: idOf<Digest>('place'), put: { slot: 2, bytes: new Uint8Array(n) } }),
    ],
    ['ms of waiting', 25_000, (n) => fits(inboxRequest, { after: 0, limit: 1, wait: n })],
  ]
  it.each(table)('%s: %i', (_, most, fit) => {
    expect(fit(most)).toBe(true)
    expect(fit(most + 1)).toBe(false)
  })

  it('have at least one entry, and it has a byte', () => {
    expect(fits(appendRequest, { ...request, entries: [] })).toBe(false)
    expect(fits(appendRequest, { ...request, entries: [new Uint8Array(0)] })).toBe(false)
    expect(syncAnswer).toBeDefined()
  })
})

describe('teams', () => {
  it('256 are seated by an entry, 1,000 removed or left out', () => {
    const id = idOf<ChainId>('member')
    const [seat, key] = [{ member: id, institution: id, role: 'member' }, newDevice('team').keys.box]
    const attached = { digest: id as Uint8Array, length: 1, count: 1 }
    const common = { credential: id, wraps: { attached, root: id, asOf: 0 } }
    const epoch = { epoch: 1, key, back: { to: 0, sealed: new Uint8Array(1) } }
    const founding = { ...common, founder: id, nonce: id, purpose: 'department', name: 'a', until: null, epochKey: key }
    const table: readonly (readonly [number, number, (n: number) => boolean])[] = [
      [1, limits.seats, (n) => fits<unknown>(bodies.team.found, { ...founding, seats: times(n, seat) })],
      [
        0,
        limits.seats,
        (n) => fits<unknown>(bodies.team.change, { ...common, adds: times(n, seat), removes: [], epoch }),
      ],
      [
        0,
        limits.members,
        (n) => fits<unknown>(bodies.team.change, { ...common, adds: [], removes: times(n, id), epoch }),
      ],
      [0, limits.members, (n) => fits<unknown>(bodies.team.refresh, { ...common, leaves: times(n, id), epoch })],
    ]
    for (const [least, most, fit] of table)
      expect([fit(least - 1 < 0 ? 0 : least - 1), fit(least), fit(most), fit(most + 1)]).toEqual([
        least === 0,
        true,
        true,
        false,
      ])
  })
})

describe('devices', () => {
  it('16 are added or removed by an entry', () => {
    const { keys } = newDevice('device')
    const attached = { digest: idOf('list'), length: 1, count: 1 }
    const common = { adds: [], removes: [], epoch: null, wraps: { attached, root: idOf('root'), asOf: 0 } }
    const add = { keys, proof: new Uint8Array(64) }
    for (const [count, fit] of [
      [0, true],
      [limits.devices, true],
      [limits.devices + 1, false],
    ] as const) {
      expect(fits<unknown>(bodies.member.devices, { ...common, adds: times(count, add) })).toBe(fit)
      expect(fits<unknown>(bodies.member.devices, { ...common, removes: times(count, idOf('device')) })).toBe(fit)
    }
  })
})

describe('quorums', () => {
  it('12 approvals are named at most', () => {
    const id = idOf<ChainId>('approver')
    for (const [count, fit] of [
      [0, true],
      [limits.approvals, true],
      [limits.approvals + 1, false],
    ] as const)
      for (const { settle } of [bodies.registration, bodies.network])
        expect(fits<unknown>(settle, { proposal: id, approvals: times(count, id) })).toBe(fit)
  })
})

describe('names and claims', () => {
  const named = (length: number) => ({ keys: newDevice('named').keys, nonce: idOf('nonce'), name: 'n'.repeat(length) })
  it('a name has 1 to 200 characters', () => {
    for (const [length, fit] of [
      [0, false],
      [1, true],
      [limits.name, true],
      [limits.name + 1, false],
    ] as const)
      expect(fits(bodies.institution.found, named(length)), String(length)).toBe(fit)
  })

  const claim = (i: number, length = 10): Claim => ({
    name: `claim ${i}`,
    salt: new Uint8Array(16).fill(i),
    value: 'x'.repeat(length),
  })
  const credentialOf = (claims: readonly Claim[]) => ({
    institution: idOf('institution') as never,
    claims: claims.map((one) => ({ name: one.name, hash: claimHash(idOf('member'), one) })),
    registration: null,
    notBefore: 0,
    until: 1,
  })
  const decoded = (claims: readonly Claim[], encoded = encodeClaims(claims)) =>
    codeOf(() => decodeClaims(encoded, idOf('member'), credentialOf(claims)))

  it('a credential makes 16 claims at most', () => {
    const claims = Array.from({ length: limits.claimCount + 1 }, (_, i) => claim(i))
    expect(decoded(claims.slice(1))).toBe('accepted')
    expectCode('USAGE', () => encodeClaims(claims))
    expect(fits(bodies.member.credential, credentialOf(claims.slice(1)))).toBe(true)
    expect(fits(bodies.member.credential, credentialOf(claims))).toBe(false)
  })

  it('claims have 4 KiB at most', () => {
    const wide = (length: number) =>
      Array.from({ length: 16 }, (_, i) => ({ ...claim(i), value: '漢'.repeat(i === 0 ? length : 75) }))
    const spare = limits.claims - encodeClaims(wide(1)).length
    const fitting = wide(1 + Math.floor(spare / 3) - 1)
    expect(encodeClaims(fitting).length).toBeGreaterThan(limits.claims - 6)
    expect(decoded(fitting)).toBe('accepted')
    expectCode('LIMIT', () => encodeClaims(wide(1 + Math.ceil(spare / 3) + 1)))
    expect(decoded([], new Uint8Array(limits.claims + 1))).toBe('TOO_LARGE')
    expect(decoded([], new Uint8Array(limits.claims))).not.toBe('TOO_LARGE')
  })

  it('claims are those that the credential carries', () => {
    const claims = [claim(1), claim(2)]
    const encoded = encodeClaims(claims)
    const against = (others: readonly Claim[], member = idOf<ChainId>('member')) =>
      codeOf(() => decodeClaims(encoded, member, credentialOf(others)))
    expect(against(claims)).toBe('accepted')
    expect(against([claim(2), claim(1)])).toBe('CRED_BINDING')
    expect(against([claim(1)])).toBe('CRED_BINDING')
    expect(against([...claims, claim(3)])).toBe('CRED_BINDING')
    expect(against([claim(1), claim(2, 9)])).toBe('CRED_BINDING')
    expect(against([claim(1), { ...claim(2), salt: new Uint8Array(16) }])).toBe('CRED_BINDING')
    expect(against(claims, idOf('other member'))).toBe('CRED_BINDING')
    expectCode('USAGE', () => encodeClaims([claim(1), { ...claim(2), name: 'claim 1' }]))
    expect(decodeClaims(encodeClaims([]), idOf('member'), credentialOf([]))).toEqual([])
  })
})

describe('the table', () => {
  /** What the relay's and the SDK's tests try, because this package only states it. */
  const enforcedElsewhere = ['append', 'deviceName', 'segmentBatch', 'teamsEach', 'ticket']
  const folder = fileURLToPath(new URL('.', import.meta.url))
  const tests = readdirSync(folder)
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(`${folder}/${name}`, 'utf8'))
    .join('\n')
  const chapter = readFileSync(new URL('../../../docs/spec/limits.md', import.meta.url), 'utf8')

  it.each(Object.keys(limits))('%s is tried by a test, and stands in the chapter', (name) => {
    expect(chapter).toContain(`\`${name}\``)
    const tried = new RegExp(`limits\\.${name}\\b`).test(tests)
    expect(tried).toBe(!enforcedElsewhere.includes(name))
  })

  it('every code that an answer can carry is one of the registry, and nothing else is', async () => {
    const { errorAnswer } = await import('../src/api.js')
    const answer = (code: unknown) =>
      fits(errorAnswer, { code: code as never, message: '', entryTime: null, logTime: null, missed: null })
    for (const code of Object.keys(errorCodes)) expect(answer(code)).toBe(true)
    for (const code of ['', 'NO_SUCH_CODE', 'toString', ['SIG'], null, 0])
      expect(answer(code), String(code)).toBe(false)
  })
})
