// What every answer says beside its body, which web origins may read it, and what an error that nobody foresaw tells the outside.
// Spec: docs/spec/relay.md, "Refusals" and "Transport".
import { directoryRequest, paths } from '@sealchart/protocol'
import { describe, expect, it } from 'vitest'
import { RelayError } from '../src/errors.js'
import { describeFailure, failureTeller } from '../src/failures.js'
import { memoryStore } from '../src/store/memory.js'
import { type Answer, foundedWorld, refusal, type Signer, type World } from './actors.js'

const OWN = 'https://clinic.example'

const directory = (world: World, as?: Signer): Promise<Answer> =>
  world.post(paths.directory, directoryRequest, { claim: 'name', value: 'Chan' }, as)

describe('every answer', () => {
  it('is no page, leads nowhere, and has the type that it says', async () => {
    const world = await foundedWorld()
    const answers: readonly (readonly [string, Answer])[] = [
      ['application/cbor', await directory(world, await world.member('Chan'))],
      ['application/cbor', await directory(world)],
      ['application/cbor', await world.send('GET', '/nothing')],
      ['application/cbor', await world.send('GET', paths.network)],
      ['application/json', await world.send('GET', paths.health)],
      ['text/plain; charset=utf-8', await world.send('GET', '/checkpoint')],
      ['application/octet-stream', await world.send('GET', '/tile/0/000.p/2')],
    ]
    for (const [type, { headers }] of answers) {
      expect(headers.get('content-type')).toBe(type)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('content-security-policy')?.split('; ').toSorted()).toEqual([
        "base-uri 'none'",
        "default-src 'none'",
        "frame-ancestors 'none'",
      ])
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect([headers.get('set-cookie'), headers.get('location'), headers.get('server')]).toEqual([null, null, null])
    }
  })

  it('is kept by no cache, but for parts of the log, which never change', async () => {
    const world = await foundedWorld()
    const cached = async (path: string) => (await world.send('GET', path)).headers.get('cache-control')
    expect((await directory(world, await world.member('Chan'))).headers.get('cache-control')).toBe('no-store')
    expect((await directory(world)).headers.get('cache-control')).toBe('no-store')
    for (const path of ['/nothing', '/checkpoint', paths.network, paths.health]) {
      expect(await cached(path)).toBe('no-store')
    }
    expect(await cached('/tile/0/000.p/2')).toBe('public, max-age=31536000, immutable')
  })
})

describe('web origins', () => {
  const allowed = async (world: World, origin: string) =>
    (await world.send('GET', paths.health, { headers: { origin } })).headers.get('access-control-allow-origin')
  const preflight = { origin: OWN, 'access-control-request-method': 'POST' }

  it('are none, unless the operator names them', async () => {
    const world = await foundedWorld()
    expect(await allowed(world, OWN)).toBeNull()
    expect((await world.send('OPTIONS', paths.append, { headers: preflight })).status).toBe(404)
  })

  it('are those that the operator names, to the letter, and get no credentials', async () => {
    const world = await foundedWorld({ config: { origins: [OWN] } })
    expect(await allowed(world, OWN)).toBe(OWN)
    for (const other of [`${OWN}.evil.example`, 'http://clinic.example', `${OWN}:8443`, 'null']) {
      expect(await allowed(world, other)).toBeNull()
    }
    const { status, headers } = await world.send('OPTIONS', paths.append, { headers: preflight })
    expect([status, headers.get('access-control-allow-methods')]).toEqual([204, 'GET,POST'])
    expect(headers.get('access-control-allow-credentials')).toBeNull()
  })
})

it('an error that nobody foresaw is INTERNAL, and tells nothing of what it was', async () => {
  const store = memoryStore()
  const failures: unknown[] = []
  const world = await foundedWorld({ store, onFailure: (error) => void failures.push(error) })
  const chan = await world.member('Chan')
  const secret = 'SELECT value FROM claim in /srv/store.sqlite'
  Object.assign(store, { claimants: () => Promise.reject(new Error(secret)) })
  const answer = await directory(world, chan)
  expect(refusal(answer)).toEqual({ status: 500, code: 'INTERNAL', message: 'the relay failed', missed: null })
  expect(new TextDecoder('latin1').decode(answer.bytes)).not.toContain('SELECT')
  // Whoever runs the relay is told where it was, and not what; of refusals nothing.
  expect((await world.send('GET', '/nothing')).status).toBe(404)
  expect(failures).toHaveLength(1)
  expect(describeFailure(failures[0])).toMatch(/^Error\n {4}at .*headers\.test/)
  expect(describeFailure(failures[0])).not.toContain('SELECT')
})

it('a failure is told with its code and what caused it, and without any message', () => {
  const full = Object.assign(new Error('/srv/secret'), { code: 'ENOSPC' })
  const lines = describeFailure(new RelayError('INTERNAL', 'patient Chan', { cause: full })).split('\n')
  expect(lines.filter((line) => !line.startsWith('    at '))).toEqual(['RelayError INTERNAL', 'Error ENOSPC'])
  expect(describeFailure('patient Chan')).toBe('a string was thrown')
  const odd = Object.assign(new Error(), { code: 'patient Chan' })
  expect(describeFailure(odd).split('\n')[0]).toBe('Error')
})

it('of many failures the first ten of a minute are told, and the number of the others', () => {
  const said: string[] = []
  const failures = failureTeller((line) => void said.push(line.split('\n')[0] as string))
  for (let i = 0; i < 13; i++) failures.tell(new TypeError('no'))
  failures.endMinute()
  failures.tell(new TypeError('no'))
  failures.endMinute()
  const one = 'a request failed: TypeError'
  expect(said).toEqual([...Array(10).fill(one), '3 more requests failed within a minute', one])
})
