// POST inbox and inbox/stream. Spec: docs/spec/relay.md, "Notices". One question to the store, asked again whenever there may be news: by a
// long poll until there is an answer, by a stream until its time is over.
import { inboxAnswer, inboxRequest, inboxStreamRequest, paths } from '@sealchart/protocol'
import { onGone } from '../bodies.js'
import { RelayError } from '../errors.js'
import { answer, answerStream, decodeBody, readSigned, type Signed } from '../http.js'
import { inboxStream } from '../inbox-stream.js'
import { noticesOf } from '../membership.js'
import type { Services } from '../services.js'
import { type Route, SMALL_BODY } from './route.js'

export const inboxRoute: Route = {
  method: 'POST',
  path: paths.inbox,
  asker: 'device',
  async handle(c, services) {
    const { signer, body } = await readSigned(c, services.signatures, SMALL_BODY)
    services.requestRates.take(signer.device, 1)
    const { after, limit, wait } = decodeBody(inboxRequest, body)
    const until = services.now() + wait
    const place = services.notices.enter(signer.chain)
    const forget = onGone(c, () => place?.end())
    try {
      for (;;) {
        await requireListener(services, signer)
        const rows = await noticesOf(services, signer.chain, { now: services.now(), after, limit })
        const left = until - services.now()
        if (rows.length > 0 || limit === 0 || left <= 0 || place === null || place.over.aborted) {
          return answer(inboxAnswer, { notices: rows.map(({ index, record }) => ({ index, chain: record })) })
        }
        await place.wait(left)
      }
    } finally {
      forget()
      place?.leave()
    }
  },
}

export const inboxStreamRoute: Route = {
  method: 'POST',
  path: paths.inboxStream,
  asker: 'device',
  async handle(c, services) {
    const { signer, body } = await readSigned(c, services.signatures, SMALL_BODY)
    services.requestRates.take(signer.device, 1)
    const { after } = decodeBody(inboxStreamRequest, body)
    await requireListener(services, signer)
    const place = services.notices.enter(signer.chain)
    if (place === null) throw new RelayError('BUSY', 'too many wait for notices')
    const { outgoing } = c.env ?? {}
    return answerStream(
      inboxStream(services, {
        place,
        after,
        notices: (since, limit) => noticesOf(services, signer.chain, { now: services.now(), after: since, limit }),
        check: () => requireListener(services, signer),
        cut: () => void outgoing?.destroy(),
      }),
    )
  },
}

/**
 * Whether a device that was accepted may still hear anything: asked again with each look, for it may have waited for minutes.
 * @throws RelayError REQUEST_SIGNATURE for a device that is listed no more; CRED_REVOKED for a member whom no institution vouches for any more.
 */
async function requireListener({ permissions }: Services, { chain, device }: Signed): Promise<void> {
  if ((await permissions.signKeyOf(chain, device)) === null)
    throw new RelayError('REQUEST_SIGNATURE', 'the device is not listed')
  if (!(await permissions.isListener(chain)))
    throw new RelayError('CRED_REVOKED', 'every credential of this member was withdrawn')
}
