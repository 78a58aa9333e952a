// POST directory and inbox. Spec: docs/spec/relay.md, "Directory" and "Notices".
// The directory says who claims something; whether that is true, the member's own chain says.
import { directoryAnswer, directoryRequest, inboxAnswer, inboxRequest, paths } from '@sealchart/protocol'
import { answer, decodeBody, readSigned } from '../http.js'
import { noticesOf } from '../membership.js'
import { type Route, SMALL_BODY } from './route.js'

const MOST_MEMBERS = 50

export const directoryRoute: Route = {
  method: 'POST',
  path: paths.directory,
  asker: 'device',
  async handle(c, services) {
    const { signer, body } = await readSigned(c, services.signatures, SMALL_BODY)
    services.requestRates.take(signer.device, 1)
    const { claim, value } = decodeBody(directoryRequest, body)
    return answer(directoryAnswer, { members: await services.reads.claimants(claim, value, MOST_MEMBERS) })
  },
}

export const inboxRoute: Route = {
  method: 'POST',
  path: paths.inbox,
  asker: 'device',
  async handle(c, services) {
    const { signer, body } = await readSigned(c, services.signatures, SMALL_BODY)
    services.requestRates.take(signer.device, 1)
    const { after, limit, wait } = decodeBody(inboxRequest, body)
    const until = services.now() + wait
    for (;;) {
      const { turn } = services.notices
      const rows = await noticesOf(services, signer.chain, { now: services.now(), after, limit })
      const left = until - services.now()
      if (
        rows.length > 0 ||
        limit === 0 ||
        left <= 0 ||
        !(await services.notices.wait(signer.chain, { turn, ms: left }))
      ) {
        return answer(inboxAnswer, { notices: rows.map(({ index, record }) => ({ index, record })) })
      }
    }
  },
}
