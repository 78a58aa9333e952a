// What a route is: one row of the table in app.ts. Spec: docs/spec/relay.md, "Routes".
import type { Request } from '../bodies.js'
import type { Services } from '../services.js'

export interface Route {
  readonly method: 'GET' | 'POST'
  /** Hono's pattern. */
  readonly path: string
  /**
   * Who may ask at all: everybody; a listed device by its signature, or everybody for less; a listed device; the bearer of a ticket;
   * whoever signed the entries. What they may then see or do is decided in permissions.ts.
   */
  readonly asker: 'everybody' | 'anybody' | 'device' | 'ticket' | 'signer'
  handle(c: Request, services: Services): Promise<Response>
}

/** Bytes of a request body in CBOR that carries no objects: 10,000 known chains are half a megabyte. */
export const SMALL_BODY: number = 1024 * 1024
