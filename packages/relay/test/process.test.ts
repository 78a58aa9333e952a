// The real process: SQLite and files in a folder, the sequencer in its own thread, real sockets and real signals. It runs the built package.
// Spec: docs/spec/relay.md, "Starting".
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import {
  accessLogOf,
  appendAnswer,
  decodeNoteKey,
  type NoteKey,
  paths,
  ready,
  syncAnswer,
  syncRequest,
  utf8,
  verifyCheckpoint,
} from '@sealchart/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { STORE_FILE } from '../src/folder-layout.js'
import { memoryStore } from '../src/store/memory.js'
import { type Member, type RecordOf, read, refusal, World } from './actors.js'

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))

interface Running {
  readonly process: ChildProcess
  readonly url: string
  readonly log: NoteKey
  readonly token: string | null
  readonly said: string[]
}

let folder: string
let running: Running[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sealchart-process-'))
})
afterEach(async () => {
  for (const { process } of running) process.kill('SIGKILL')
  running = []
  await rm(folder, { recursive: true, force: true })
})

async function start(...options: string[]): Promise<Running> {
  const args = [main, '--data', join(folder, 'data'), '--port', '0', ...options]
  const process_ = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const said: string[] = []
  const lines = createInterface({ input: process_.stdout })
  process_.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()))
  await new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => {
      said.push(line)
      if (line.startsWith('never')) setTimeout(resolve, 50)
    })
    process_.once('exit', (code) => reject(new Error(`exit ${code}: ${said.join('\n')}`)))
  })
  const find = (pattern: RegExp): string | undefined => pattern.exec(said.join('\n'))?.[1]
  const started = {
    process: process_,
    url: find(/^listening on (\S+)/m) as string,
    log: decodeNoteKey(find(/^log key +(\S+)/m) as string),
    token: find(/founds it.*: (\S+)$/m) ?? null,
    said,
  }
  running.push(started)
  return started
}

async function stop({ process }: Running, signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
  process.kill(signal)
  const [code] = (await once(process, 'exit')) as [number | null]
  return code
}

/** A world whose relay is a process. */
function worldOf(started: Running, before?: World): World {
  const relay = {
    async fetch(request: Request): Promise<Response> {
      const { pathname, search } = new URL(request.url)
      const body = request.method === 'GET' ? null : await request.arrayBuffer()
      return fetch(started.url + pathname + search, { method: request.method, headers: request.headers, body })
    },
    collect: async () => {},
    close: async () => {},
  }
  const world = new World({ relay, store: memoryStore(), log: started.log, fatal: [] })
  world.now = Date.now()
  if (before) {
    Object.assign(world, { network: before.network, institution: before.institution, founding: before.founding })
    for (const [key, head] of before.heads) world.heads.set(key, head)
    for (const [key, epochs] of before.epochs) world.epochs.set(key, epochs)
    for (const [key, trail] of before.trails) world.trails.set(key, trail)
  }
  return world
}

async function founded(started: Running): Promise<{ world: World; chan: Member; record: RecordOf }> {
  await ready()
  const world = worldOf(started)
  await world.append([await world.foundNetwork()], { token: started.token })
  await world.append(await world.foundInstitution())
  const chan = await world.member('Chan')
  return { world, chan, record: await world.record(chan) }
}

const views = (world: World, record: RecordOf, member: Member, count: number) =>
  Promise.all(Array.from({ length: count }, () => world.viewDraft(record, member, { grant: null })))

describe('the process', () => {
  it('starts without configuration and says what to pin, to keep and never to keep', async () => {
    const { said, log, token } = await start()
    expect(said.join('\n')).toContain(join(folder, 'data.local'))
    expect(token?.split('.')[1]).toBe(Buffer.from(log.publicKey).toString('hex').slice(0, 32))
    // The token stands in no file.
    for (const name of await readdir(join(folder, 'data.local'))) {
      const content = await readFile(join(folder, 'data.local', name))
      expect(content.includes(Buffer.from(token as string))).toBe(false)
    }
  })

  it('finishes what it took at SIGTERM, and goes on after a restart', async () => {
    const first = await start()
    const { world, chan, record } = await founded(first)
    const drafts = await views(world, record, chan, 40)
    const sent = drafts.map((draft) => world.tryAppend([draft]).catch(() => null))
    await sent[0]
    expect(await stop(first)).toBe(0)
    const answers = await Promise.all(sent)
    expect(first.said.at(-1)).toContain('stopped')
    // Nothing that was erased stays behind in a write-ahead log.
    const log = await stat(join(folder, 'data', `${STORE_FILE}-wal`)).catch(() => null)
    expect(log?.size ?? 0).toBe(0)
    expect((await stat(join(folder, 'data', STORE_FILE))).size).toBeGreaterThan(0)

    const second = await start()
    expect(second.token).toBeNull()
    expect(second.log).toEqual(first.log)
    const later = worldOf(second, world)
    for (const [i, answer] of answers.entries()) {
      if (answer?.status !== 200) continue
      // What was answered is there, at its place.
      const again = read(appendAnswer, await later.tryAppend([drafts[i] as (typeof drafts)[0]]))
      expect(again.proven.entries[0]?.index).toBe(read(appendAnswer, answer).proven.entries[0]?.index)
    }
    const more = await later.append([await later.viewDraft(record, chan, { grant: null })])
    expect(more.handouts[0]?.segments).toHaveLength(1)
  }, 60_000)

  it('loses nothing that it answered when it is killed', async () => {
    const first = await start()
    const { world, chan, record } = await founded(first)
    const drafts = await views(world, record, chan, 60)
    const answered: number[] = []
    const sent = drafts.map(async (draft, i) => {
      try {
        if ((await world.tryAppend([draft])).status === 200) answered.push(i)
      } catch {
        // Killed before it answered: nothing was promised.
      }
      if (answered.length === 20) first.process.kill('SIGKILL')
    })
    await Promise.all(sent)
    if (first.process.exitCode === null && first.process.signalCode === null) await once(first.process, 'exit')

    const second = await start()
    const later = worldOf(second, world)
    const ask = { seen: 0, want: [{ chain: accessLogOf(record.id), after: 0 }], have: [] }
    const { proven } = read(syncAnswer, await later.post(paths.sync, syncRequest, ask, chan))
    const ledger = later.ledger()
    const placed = await ledger.take(proven)
    const hashes = new Set(placed.map(({ entry }) => entry.hash.join()))
    for (const i of answered) expect(hashes.has((drafts[i] as (typeof drafts)[0]).entry.hash.join())).toBe(true)
    expect(answered.length).toBeGreaterThanOrEqual(20)
  }, 60_000)

  it('admits no second process to its folder', async () => {
    await start()
    await expect(start()).rejects.toThrow('LOCK_HELD')
  })

  it('refuses to start without its head lock, and over a store older than it', async () => {
    const first = await start()
    await founded(first)
    await stop(first)
    await rm(join(folder, 'data.local'), { recursive: true })
    await expect(start()).rejects.toThrow('LOCK_MISSING')
  })

  it('keeps the log’s name', async () => {
    const first = await start('--origin', 'log.example/kec')
    expect(first.log.name).toBe('log.example/kec')
    await stop(first)
    await expect(start('--origin', 'other.example')).rejects.toThrow('USAGE')
  })

  it('refuses another member’s token for a network, over the socket like in memory', async () => {
    const started = await start()
    const world = worldOf(started)
    await ready()
    const draft = await world.foundNetwork()
    expect(refusal(await world.tryAppend([draft], { token: 'no' })).code).toBe('UNKNOWN')
    await world.append([draft], { token: started.token })
    const note = await (await fetch(`${started.url}/checkpoint`)).text()
    expect(verifyCheckpoint(utf8(note), started.log).size).toBe(2)
  })
})
