// The platform's way to a relay, for browsers: fetch. exchange-node.ts is the other side of package.json#imports `#exchange`.
import { type Exchange, overTransport } from './exchange.js'
import { flowOver, type OpenFlow } from './flow.js'
import type { Transport } from './transport.js'

const systemFetch: Transport = (request) => globalThis.fetch(request)

/** The platform's fetch. */
export const systemExchange: Exchange = overTransport(systemFetch)

/** As above, for an answer that goes on. */
export const systemFlow: OpenFlow = flowOver(systemFetch)
