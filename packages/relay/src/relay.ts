// A relay: store, objects, head lock and sequencer put together behind one `fetch`. Spec: docs/spec/relay.md.
// It opens no socket and reads neither environment nor clock: main.ts does, and tests pass their own.
import { type ChainId, facts, parseUrl, ready } from '@sealchart/protocol'
import { createApp } from './app.js'
import { defaultConfig, type RelayConfig } from './config.js'
import { RelayError } from './errors.js'
import { sectionCache } from './handout.js'
import type { HeadLock } from './head-lock.js'
import { createIntakes } from './intake.js'
import { openLogTree } from './log-tree.js'
import { createMeetings } from './meetings.js'
import { audienceOf, noticeBoard } from './notices.js'
import { permissions } from './permissions.js'
import { entryReader, prover } from './proofs.js'
import { createQuotas } from './quotas.js'
import { createRates } from './rates.js'
import type { Segments } from './segments/contract.js'
import type { Sequencer } from './sequencer.js'
import { inlineSequencer } from './sequencer-inline.js'
import type { Clock, Services } from './services.js'
import { cachedState, factOf } from './state.js'
import type { Reads, Store } from './store/contract.js'
import { createSweep } from './sweep.js'
import { createTickets } from './tickets.js'
import { wrapLists } from './wrap-index.js'

/** What a relay is made of. `random` gives as many random bytes as it is asked for. */
export interface RelayParts {
  readonly store: Store
  readonly segments: Segments
  readonly headLock: HeadLock
  readonly clock: Clock
  readonly random: (length: number) => Uint8Array
  readonly config?: Partial<RelayConfig>
  /** Told of each error that was answered INTERNAL. Nobody outside is told what it was. */
  readonly onFailure?: (error: unknown) => void
  /** Told once, when the relay can't go on: an unknown outcome, or a failed check. The process must stop. */
  readonly onFatal: (error: unknown) => void
}

/** A relay whose sequencer runs elsewhere: `store` is only read here. */
export interface RemoteParts extends Omit<RelayParts, 'store' | 'headLock' | 'onFatal'> {
  readonly store: Reads
  readonly sequencer: Sequencer
  readonly log: HeadLock['key']['key']
}

export interface Relay {
  /** Answers one request; in Node's server with the raw stream in `env.incoming`. */
  fetch(request: Request, env?: object): Promise<Response>
  /** Removes what was staged and never published, and now and then files that no row names; to be called every minute or so. */
  collect(): Promise<void>
  /** Waits until every request is answered, those that wait for notices at once, and every stream has ended; then takes nothing more. What was passed stays open. */
  close(): Promise<void>
}

/** How many facts and heads are kept in memory beside the turn's own. */
const KEPT = 200_000
/** Rows of one step of a collection: what everybody else waits for. */
const COLLECTED = 256

/** A relay whose sequencer runs in this thread. */
export async function createRelay({ store, headLock, onFatal, ...parts }: RelayParts): Promise<Relay> {
  await ready()
  const sequencer = await inlineSequencer({ store, headLock, now: () => parts.clock.now(), onFatal })
  return createRemoteRelay({ ...parts, store, sequencer, log: headLock.key.key })
}

/** A relay in front of a sequencer that runs elsewhere. */
export async function createRemoteRelay(parts: RemoteParts): Promise<Relay> {
  await ready()
  const services = await makeServices(parts)
  const { sequencer, clock, segments } = services
  const app = createApp(services)
  const sweep = createSweep(services)
  const running = new Set<Promise<Response>>()
  return {
    async fetch(request, env) {
      const answered = Promise.resolve(app.fetch(request, env))
      running.add(answered)
      try {
        return await answered
      } finally {
        running.delete(answered)
      }
    },
    async collect() {
      const now = clock.now()
      services.quotas.sweep(now)
      for (let rows = COLLECTED; rows > 0; ) {
        const collected = await sequencer.collect(now, COLLECTED)
        await segments.remove(collected.files)
        rows = collected.rows
      }
      await sweep.run()
    },
    async close() {
      const swept = sweep.stop()
      const left = services.notices.close()
      while (running.size > 0) await Promise.allSettled(running)
      await left
      await swept
      await sequencer.close()
    },
  }
}

async function makeServices(parts: RemoteParts): Promise<Services> {
  const { store: reads, segments, sequencer, clock, random, log } = parts
  const config: RelayConfig = { ...defaultConfig, ...parts.config }
  const now = (): number => clock.now()
  const state = cachedState(reads, KEPT)
  const logTree = await openLogTree(reads)
  let network: ChainId | null = (await reads.entryAt(0))?.chain ?? null
  const notices = noticeBoard(clock, {
    most: config.limits.waiters,
    audienceOf: (record) => audienceOf(state, record),
  })
  sequencer.onTurn((news) => {
    state.take(news)
    logTree.take(news)
    network = news.network
    notices.take(news)
  })
  const may = permissions({ reads, state, now, network: () => network })
  const read = entryReader()
  const { burst, rate, requestBurst, requestRate } = config.limits
  const intakes = createIntakes(config.limits.receiving)
  return {
    reads,
    segments,
    sequencer,
    state,
    log,
    config,
    clock,
    now,
    random,
    network: () => network,
    logTree,
    notices,
    permissions: may,
    quotas: createQuotas(reads, config.limits, now),
    rates: createRates({ burst, rate, now }),
    requestRates: createRates({ burst: requestBurst, rate: requestRate, now }),
    tickets: createTickets(config.ticketKey ?? random(32), now),
    wrapLists: wrapLists(reads, segments),
    sectionBytes: sectionCache(),
    prover: prover(reads, logTree, read),
    read,
    intakes,
    meetings: createMeetings(now),
    onFailure: parts.onFailure ?? (() => {}),
    signatures: {
      now,
      intake: intakes.known,
      url: async () => config.url ?? (network === null ? null : await factOf(state, network, facts.relay)),
      signKeyOf: (chain, device) => may.signKeyOf(chain, device),
    },
  }
}

/** @throws RelayError USAGE for an address that requests cannot be signed for. */
export function relayUrl(text: string): string {
  const url = parseUrl(text)
  const plain =
    url !== null && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '' && url.username === ''
  if (!plain) throw new RelayError('USAGE', 'the address is an http or https URL without query')
  return text.replace(/\/+$/, '')
}
