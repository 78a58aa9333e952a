// The way to a relay: one function from request to answer, and which addresses are accepted. Spec: docs/spec/relay.md, "Transport".
// Nothing here signs, retries or reads an answer: see link.ts.
import { parseUrl } from '@sealchart/protocol'
import { ClientError } from './errors.js'

/**
 * Sends one request and answers with the response; rejects when none came. A value of this type is all that a relay needs to be; without
 * one the platform's own is used: fetch in browsers, Node's HTTP client in Node. Pass one to go through a proxy.
 */
export type Transport = (request: Request) => Promise<Response>

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)

/**
 * The relay's address without a final slash, if it may be used: https, or http to this machine. What is sent is sealed and signed
 * already; who asks for which record is protected by TLS alone.
 * @throws ClientError USAGE
 */
export function relayAddress(url: string): string {
  const parsed = parseUrl(url)
  if (parsed === null) throw new ClientError('USAGE', 'the address of the relay is not a URL')
  const { protocol, hostname, username, password, search, hash, href } = parsed
  if (protocol !== 'https:' && !(protocol === 'http:' && isLoopback(hostname))) {
    throw new ClientError('USAGE', 'the address of the relay must begin with https:, except on this machine')
  }
  if (username + password + search + hash !== '') {
    throw new ClientError('USAGE', 'the address of the relay holds neither a user name nor a query nor a fragment')
  }
  return href.replace(/\/$/, '')
}
