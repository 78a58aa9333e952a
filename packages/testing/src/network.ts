// A whole network in one process, for a vendor's tests and ours: real crypto, the real relay, real credentials.
// It stands in a fraction of a second and leaves nothing behind. Guide: docs/sdk.md, "Testing".
import {
  type Claims,
  type ConnectOptions,
  type CredentialSource,
  Institution,
  type Issuer,
  memoryVault,
  Network,
  type Person,
  Sealchart,
  type VaultHandle,
} from '@sealchart/client-sdk'
import type { ChainId } from '@sealchart/protocol'
import { type TestClock, testClock } from './clock.js'
import { seededRandom } from './random.js'
import { startTestRelay, type TestRelay } from './relay.js'

/** Institutions with their people, by keys of the test's own: names, or claims where a test needs more than a name. */
export type Plan = Readonly<Record<string, readonly string[] | Readonly<Record<string, Partial<Claims>>>>>

/** The keys of a plan's people. */
export type PersonKey<P extends Plan> = {
  [K in keyof P]: P[K] extends readonly (infer Name extends string)[] ? Name : keyof P[K] & string
}[keyof P]

export interface TestNetworkOptions {
  /** Draws all randomness from this text, so that two runs have equal bytes. */
  readonly seed?: string
  /** What the clock shows first; default: now. It stands still until a test advances it. */
  readonly start?: Date
}

/** One institution of a test network. */
export interface TestInstitution {
  readonly id: ChainId
  readonly name: string
  readonly root: Institution
  readonly issuer: Issuer
  /** What brings a device's request to the issuer once a log-in has said that this is the person. */
  credentialFor(claims: Claims): CredentialSource
}

/** What one person's devices are opened with. */
export interface TestMember {
  readonly claims: Claims
  readonly vault: VaultHandle
  readonly credential: CredentialSource
}

export interface TestNetwork<P extends Plan> {
  /** The network file's text. */
  readonly network: string
  /** The network's root: admits and removes institutions. */
  readonly root: Network
  readonly relay: TestRelay
  readonly clock: TestClock
  readonly institutions: { readonly [K in keyof P]: TestInstitution }
  /** For clients that a test opens itself: the relay's transport, the clock and the randomness. */
  readonly connect: ConnectOptions
  /** A person's chart, enrolled. */
  chart(key: PersonKey<P>): Sealchart
  /** A person's verified card, for `share({ with })`. */
  person(key: PersonKey<P>): Person
  /** A person's claims, vault and way to a credential. */
  member(key: PersonKey<P>): TestMember
  /** Opens a person's vault once more: a new process, or a second window, of the same person. */
  reopen(key: PersonKey<P>): Promise<Sealchart>
  /** Enrols somebody who is not in the plan. */
  enrol(institution: keyof P & string, claims: Claims): Promise<Sealchart>
  close(): Promise<void>
}

/**
 * Founds a network with these institutions, admits them, and enrols their people.
 * @example `const net = await testNetwork({ kec: ['chan'], hospital: ['lee', 'wong'] })`
 */
export async function testNetwork<const P extends Plan>(
  plan: P,
  options: TestNetworkOptions = {},
): Promise<TestNetwork<P>> {
  const clock = testClock(options.start?.getTime() ?? Date.now())
  const random = options.seed === undefined ? systemRandom : seededRandom(options.seed)
  const { relay, token, close } = await startTestRelay(clock, random)
  const connect: ConnectOptions = { transport: relay.transport, now: clock.now, random, wait: shortWait }
  const newVault = (): VaultHandle => memoryVault({ hostKey: random(32) })
  const world = { connect, newVault }
  const root = await Network.found({ ...connect, name: 'Test network', relay: relay.url, token, vault: newVault() })
  const institutions: Record<string, TestInstitution> = {}
  const members = new Map<string, TestMember & { readonly chart: Sealchart }>()
  for (const [key, people] of Object.entries(plan)) {
    const institution = await addInstitution(world, root, key)
    institutions[key] = institution
    for (const [name, claims] of peopleOf(people, members.size)) {
      const member = { claims, vault: newVault(), credential: institution.credentialFor(claims) }
      members.set(name, { ...member, chart: await Sealchart.open({ ...connect, network: root.text, ...member }) })
    }
  }
  const find = (key: string): TestMember & { readonly chart: Sealchart } => {
    const member = members.get(key)
    if (member) return member
    throw new TypeError(`nobody is called "${key}" in this test network`)
  }
  return {
    network: root.text,
    root,
    relay,
    clock,
    institutions: institutions as { readonly [K in keyof P]: TestInstitution },
    connect,
    chart: (key) => find(key).chart,
    person: (key) => find(key).chart.me,
    member: (key) => find(key),
    reopen: (key) => Sealchart.open({ ...connect, network: root.text, ...find(key) }),
    enrol: (institution, claims) => {
      const credential = (institutions[institution] as TestInstitution).credentialFor(claims)
      return Sealchart.open({ ...connect, network: root.text, vault: newVault(), credential })
    },
    close,
  }
}

const systemRandom = (length: number): Uint8Array<ArrayBuffer> =>
  globalThis.crypto.getRandomValues(new Uint8Array(length))

/** ms of every pause: the clock stands still, and a longer one would only keep the test waiting. */
const PAUSE = 2

/** A pause between two tries, in which other things can happen: who waits for news tries for ever. */
const shortWait: NonNullable<ConnectOptions['wait']> = (_ms, signal) =>
  new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, PAUSE)
    if (signal?.aborted) end()
    else signal?.addEventListener('abort', end, { once: true })
  })

interface World {
  readonly connect: ConnectOptions
  readonly newVault: () => VaultHandle
}

async function addInstitution({ connect, newVault }: World, network: Network, key: string): Promise<TestInstitution> {
  const root = await Institution.found({ ...connect, network: network.text, name: titled(key), vault: newVault() })
  await network.admit(root)
  const issuer = await root.appointIssuer({ vault: newVault() })
  const credentialFor =
    (claims: Claims): CredentialSource =>
    (request) =>
      issuer.issue(request, claims)
  return { id: root.id, name: titled(key), root, issuer, credentialFor }
}

/** People of a plan with whole claims: what a test does not say is made from the key. */
function peopleOf(people: Plan[string], before: number): [string, Claims][] {
  const given: [string, Partial<Claims>][] = Array.isArray(people)
    ? people.map((key: string) => [key, {}])
    : Object.entries(people as Readonly<Record<string, Partial<Claims>>>)
  return given.map(([key, claims], i) => {
    const registration = `M${String(10_001 + before + i)}`
    return [key, { name: `Dr ${titled(key)}`, registration, board: 'hk-mchk', role: 'doctor', ...claims }]
  })
}

const titled = (key: string): string => key.slice(0, 1).toUpperCase() + key.slice(1)
