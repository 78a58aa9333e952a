// What a client sent and was answered, byte for byte: what a reader who turns against the network still has afterwards.
import type { Transport } from '@sealchart/client-sdk'

export interface Exchange {
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly request: Uint8Array
  readonly status: number
  readonly answer: Uint8Array
}

/** A transport that hands every exchange to `take` once it is answered. */
export function recordingTransport(transport: Transport, take: (exchange: Exchange) => void): Transport {
  return async (request) => {
    const { method, url } = request
    const { pathname, search } = new URL(url)
    const sent = new Uint8Array(await request.clone().arrayBuffer())
    const response = await transport(request)
    const answer = new Uint8Array(await response.clone().arrayBuffer())
    take({ method, path: pathname + search, request: sent, status: response.status, answer })
    return response
  }
}
