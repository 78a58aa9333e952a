// A listener on the wire between clients and a relay: passes bytes on in both directions and keeps all of them.
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Named } from '../../src/index.js'

export interface WireTap {
  /** Where clients connect. */
  readonly url: string
  /** What was sent so far, a haystack for each connection and direction. */
  heard(): Named[]
  close(): Promise<void>
}

/** Listens on a port of its own and passes on to the one that `target` says at the first connection. */
export async function tapWire(target: () => number): Promise<WireTap> {
  const streams: { readonly name: string; readonly chunks: Buffer[] }[] = []
  const sockets = new Set<Socket>()
  const record = (socket: Socket, name: string): void => {
    const chunks: Buffer[] = []
    streams.push({ name, chunks })
    sockets.add(socket)
    socket.on('data', (chunk: Buffer) => void chunks.push(chunk))
    // A side that breaks off takes the other with it; the client reports what that means to it.
    socket.on('error', () => socket.destroy())
  }
  const server = createServer((client) => {
    const relay = connect(target(), '127.0.0.1')
    record(client, `requests of connection ${streams.length / 2}`)
    record(relay, `answers of connection ${(streams.length - 1) / 2}`)
    client.pipe(relay).pipe(client)
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', () => resolve()))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard: () => streams.map(({ name, chunks }) => ({ name, bytes: new Uint8Array(Buffer.concat(chunks)) })),
    close() {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => void server.close(() => resolve()))
    },
  }
}
