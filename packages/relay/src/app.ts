// The relay's HTTP interface: one table of routes, and what every answer has in common. Spec: docs/spec/relay.md, "Routes".
import { Hono } from 'hono'
import { cors } from 'hono/cors'
import { type Env, type Request } from './bodies.js'
import { RelayError } from './errors.js'
import { isFailure, refuse } from './http.js'
import { appendRoute } from './routes/append.js'
import { inboxRoute, inboxStreamRoute } from './routes/inbox.js'
import { checkpointRoute, healthRoute, networkRoute, tileRoute } from './routes/log.js'
import { meetingsRoute } from './routes/meetings.js'
import { directoryRoute } from './routes/people.js'
import { recordsRoute } from './routes/records.js'
import type { Route } from './routes/route.js'
import { getSegmentRoute, putSegmentsRoute, segmentBatchRoute } from './routes/segments.js'
import { syncRoute } from './routes/sync.js'
import { teamsRoute } from './routes/teams.js'
import { attachmentsRoute, presentRoute, uploadsRoute } from './routes/uploads.js'
import { wrapsRoute } from './routes/wraps.js'
import type { Services } from './services.js'

/** Every route of a relay. */
export const routes = (): readonly Route[] => [
  appendRoute(),
  syncRoute,
  recordsRoute,
  wrapsRoute,
  teamsRoute,
  directoryRoute,
  inboxRoute,
  inboxStreamRoute,
  meetingsRoute,
  uploadsRoute,
  presentRoute,
  attachmentsRoute,
  putSegmentsRoute,
  segmentBatchRoute,
  getSegmentRoute,
  checkpointRoute,
  tileRoute,
  networkRoute,
  healthRoute,
]

export function createApp(services: Services): Hono<Env> {
  const app = new Hono<Env>()
  const { origins } = services.config
  if (origins.length > 0) app.use(cors(corsOptions(origins)))
  for (const { method, path, handle } of routes()) app.on(method, path, (c) => handled(c, handle, services))
  app.notFound(() => refuse(new RelayError('UNKNOWN', 'there is no such route')))
  app.onError((error) => {
    if (isFailure(error)) services.onFailure(error)
    return refuse(error)
  })
  return app
}

async function handled(c: Request, handle: Route['handle'], services: Services): Promise<Response> {
  try {
    return await handle(c, services)
  } finally {
    services.intakes.release(c)
  }
}

const corsOptions = (origins: readonly string[]): Parameters<typeof cors>[0] => ({
  origin: origins.includes('*') ? '*' : [...origins],
  allowMethods: ['GET', 'POST'],
  allowHeaders: ['content-type', 'content-digest', 'signature', 'signature-input', 'range'],
  exposeHeaders: ['retry-after', 'content-range', 'etag'],
  maxAge: 86_400,
})
