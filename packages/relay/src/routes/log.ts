// GET checkpoint, tiles and entry bundles (C2SP tlog-tiles), network and health. Spec: docs/spec/relay.md, "Log".
// Leaves are hashes of random-looking ids: whoever reads them all learns how much happens, and not about whom.
import { encodeBundle, encodeNoteKey, networkAnswer, parseTilePath, paths, type Tile, utf8 } from '@sealchart/protocol'
import { RelayError } from '../errors.js'
import { answer, answerBytes } from '../http.js'
import type { Services } from '../services.js'
import type { Route } from './route.js'

const TEXT = 'text/plain; charset=utf-8'

const unknown = (): never => {
  throw new RelayError('UNKNOWN', 'there is no such part of the log')
}

export const checkpointRoute: Route = {
  method: 'GET',
  path: '/checkpoint',
  asker: 'everybody',
  async handle(_c, { logTree }) {
    const { head } = logTree
    if (head === null) return unknown()
    return answerBytes(utf8(head.checkpoint), { 'content-type': TEXT, 'cache-control': 'no-store' })
  },
}

export const tileRoute: Route = {
  method: 'GET',
  path: '/tile/*',
  asker: 'everybody',
  async handle(c, services) {
    const tile = tileIn(new URL(c.req.url).pathname)
    const { level } = tile
    const bytes = level === 'entries' ? await bundle(services, tile) : await services.logTree.tile({ ...tile, level })
    if (bytes === null) return unknown()
    const headers = {
      'content-type': 'application/octet-stream',
      'cache-control': 'public, max-age=31536000, immutable',
    }
    return answerBytes(bytes, headers)
  },
}

function tileIn(path: string): Tile {
  try {
    return parseTilePath(path.slice(1))
  } catch {
    return unknown()
  }
}

async function bundle({ reads, logTree }: Services, { index, width }: Tile): Promise<Uint8Array | null> {
  if (index * 256 + width > (logTree.head?.size ?? 0)) return null
  const rows = await reads.leaves(index * 256, width)
  return encodeBundle(rows.map((row) => row.data))
}

export const networkRoute: Route = {
  method: 'GET',
  path: paths.network,
  asker: 'everybody',
  async handle(_c, { network, reads, log }) {
    const chain = network()
    const founding = chain === null ? null : await reads.linkAt(chain, 0)
    const link = founding as Parameters<typeof networkAnswer.encode>[0]['founding']
    return answer(networkAnswer, { network: chain, founding: link, log: encodeNoteKey(log) })
  },
}

export const healthRoute: Route = {
  method: 'GET',
  path: paths.health,
  asker: 'everybody',
  async handle(_c, { logTree, config }) {
    const body = { status: 'ok', size: logTree.head?.size ?? 0, version: config.version }
    return answerBytes(utf8(JSON.stringify(body)), { 'content-type': 'application/json', 'cache-control': 'no-store' })
  },
}
