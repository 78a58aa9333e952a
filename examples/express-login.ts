// A vendor's server and client: credentials are issued behind the vendor's own log-in, and a chart is opened through it.
// The server decides who somebody is; it never sees a record or a key of a member. Run by examples/test/express-login.test.ts.
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Claims, type ConnectOptions, type Issuer, Sealchart, type VaultHandle } from '@sealchart/client-sdk'
import express, { type NextFunction, type Request, type Response } from 'express'

/** Staff as the vendor's user table has them. */
export interface User {
  readonly name: string
  readonly registration: string
  readonly board: string
  readonly role: string
}

const claimsOf = ({ name, registration, board, role }: User): Claims => ({ name, registration, board, role })

/** The vendor's server: `sessions` are tokens of people who have logged in, with a second factor. */
export function startServer(issuer: Issuer, sessions: ReadonlyMap<string, User>): Promise<Server> {
  const app = express()
  const requireLogin = (req: Request, res: Response, next: NextFunction): void => {
    const user = sessions.get((req.headers.authorization ?? '').replace(/^Bearer /, ''))
    if (!user) return void res.status(401).end()
    res.locals.user = user
    next()
  }
  const binary = express.raw({ type: 'application/octet-stream', limit: '64kb' })
  app.post('/credential', requireLogin, binary, async (req, res) => {
    const answer = await issuer.issue(new Uint8Array(req.body as Buffer), claimsOf(res.locals.user as User))
    res.type('application/octet-stream').send(Buffer.from(answer))
  })
  return new Promise((resolve) => {
    const server = app.listen(0, '127.0.0.1', () => resolve(server))
  })
}

export const addressOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

/** The vendor's client: opens a chart, and fetches a credential whenever the SDK asks for one. */
export function openChart(
  login: { readonly server: string; readonly token: string },
  options: ConnectOptions & { readonly network: string; readonly vault: VaultHandle },
): Promise<Sealchart> {
  return Sealchart.open({
    ...options,
    async credential(request) {
      const response = await fetch(`${login.server}/credential`, {
        method: 'POST',
        headers: { authorization: `Bearer ${login.token}`, 'content-type': 'application/octet-stream' },
        body: new Uint8Array(request),
      })
      if (!response.ok) throw new Error(`the log-in answers ${response.status}`)
      return new Uint8Array(await response.arrayBuffer())
    },
  })
}
