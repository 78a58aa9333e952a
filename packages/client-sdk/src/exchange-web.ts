// The platform's way to a relay, for browsers: fetch. exchange-node.ts is the other side of package.json#imports `#exchange`.
import { type Exchange, overTransport } from './exchange.js'

/** The platform's fetch. */
export const systemExchange: Exchange = overTransport((request) => globalThis.fetch(request))
