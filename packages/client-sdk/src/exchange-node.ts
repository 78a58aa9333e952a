// The platform's way to a relay, for Node: its HTTP client, without the web streams and the copies between them that its fetch makes of
// every megabyte. exchange-web.ts is the other side of package.json#imports `#exchange`. Redirects are not followed: an answer of
// that kind is none of a relay's.
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { createRoom, type Exchange, orClose, type Received, type Sending } from './exchange.js'

/** ms without a byte, after which no answer is expected any more: a relay answers a request for news within a minute. */
const SILENCE = 5 * 60_000

// Connections are kept for the next request, and keep no process alive.
const agents = { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true }) }

export const systemExchange: Exchange = (sending, signal) => orClose(signal, (ending) => exchange(sending, ending))

function exchange({ method, url, headers, body, capOf }: Sending, signal: AbortSignal): Promise<Received> {
  const isHttps = url.startsWith('https:')
  const request = isHttps ? requestHttps : requestHttp
  const agent = isHttps ? agents.https : agents.http
  const length = method === 'POST' ? { 'content-length': String(body.length) } : {}
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers: { ...headers, ...length }, agent, signal, timeout: SILENCE })
    sent.once('response', (answer) => void receive(answer, capOf).then(resolve, reject))
    sent.once('timeout', () => sent.destroy(new Error('the relay is silent')))
    sent.once('error', reject)
    sent.end(method === 'POST' ? body : undefined)
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
