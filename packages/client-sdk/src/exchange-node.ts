// The platform's way to a relay, for Node: its HTTP client, without the web streams and the copies between them that its fetch makes of
// every megabyte. exchange-web.ts is the other side of package.json#imports `#exchange`. Redirects are not followed: an answer of
// that kind is none of a relay's.
import { type ClientRequest, Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { abortable } from './errors.js'
import { createRoom, type Exchange, orClose, type Received, type Sending } from './exchange.js'
import type { Flow, OpenFlow } from './flow.js'

/** ms without a byte, after which no answer is expected any more: a relay answers a request for news within a minute. */
const SILENCE = 5 * 60_000

// Connections are kept for the next request, and keep no process alive.
const agents = { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true }) }

export const systemExchange: Exchange = (sending, signal) => orClose(signal, (ending) => exchange(sending, ending))

/** As above, for an answer that goes on. */
export const systemFlow: OpenFlow = (sending, signal) => abortable(open(sending, signal), signal)

function send({ method, url, headers, body }: Omit<Sending, 'capOf'>, signal: AbortSignal): ClientRequest {
  const isHttps = url.startsWith('https:')
  const request = isHttps ? requestHttps : requestHttp
  const agent = isHttps ? agents.https : agents.http
  const length = method === 'POST' ? { 'content-length': String(body.length) } : {}
  const sent = request(url, { method, headers: { ...headers, ...length }, agent, timeout: SILENCE })
  // Not by the request's own signal, which makes an error of it: at the end of an answer nobody listens to its socket for a moment.
  const close = (): void => void sent.destroy()
  signal.addEventListener('abort', close, { once: true })
  sent.once('close', () => signal.removeEventListener('abort', close))
  if (signal.aborted) close()
  sent.once('timeout', () => sent.destroy(new Error('the relay is silent')))
  sent.end(method === 'POST' ? body : undefined)
  return sent
}

function exchange({ capOf, ...sending }: Sending, signal: AbortSignal): Promise<Received> {
  return new Promise((resolve, reject) => {
    const sent = send(sending, signal)
    sent.once('response', (answer) => void receive(answer, capOf).then(resolve, reject))
    sent.once('error', reject)
  })
}

function open(sending: Omit<Sending, 'capOf'>, signal: AbortSignal): Promise<Flow> {
  return new Promise((resolve, reject) => {
    const sent = send(sending, signal)
    sent.once('response', (answer) => {
      // Whoever reads learns of it; nobody may be reading.
      answer.on('error', () => undefined)
      resolve({ status: answer.statusCode ?? 0, pieces: answer })
    })
    sent.on('error', reject)
  })
}

function receive(answer: IncomingMessage, capOf: Sending['capOf']): Promise<Received> {
  const status = answer.statusCode ?? 0
  const room = createRoom(answer.headers['content-length'], capOf(status))
  return new Promise((resolve, reject) => {
    answer.on('data', (chunk: Uint8Array) => {
      try {
        room.add(chunk)
      } catch (error) {
        reject(error)
        answer.destroy()
      }
    })
    answer.once('end', () =>
      resolve({ status, retryAfter: answer.headers['retry-after'] ?? null, bytes: room.bytes() }),
    )
    answer.once('error', reject)
    // A connection that closes before the end of its answer; after the end this says nothing new.
    answer.once('close', () => reject(new Error('the answer ended early')))
  })
}
