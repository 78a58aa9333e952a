// POST directory. Spec: docs/spec/relay.md, "Directory".
// The directory says who claims something; whether that is true, the member's own chain says.
import { directoryAnswer, directoryRequest, paths } from '@sealchart/protocol'
import { answer, decodeBody, readSigned } from '../http.js'
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
