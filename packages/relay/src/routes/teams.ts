// POST teams: in which teams a member sits. Spec: docs/spec/relay.md, "Teams".
// A convenience: what a team's roster says stands on its chain. Who consults whom is nobody's business but that of those who have to tell the
// teams when a credential or device is gone.
import { type ChainId, equal, paths, teamsAnswer, teamsRequest } from '@sealchart/protocol'
import { credentialsOf } from '../credentials.js'
import { RelayError } from '../errors.js'
import { answer, decodeBody, readSigned } from '../http.js'
import { teamsOf } from '../membership.js'
import type { Services } from '../services.js'
import { type Route, SMALL_BODY } from './route.js'

export const teamsRoute: Route = {
  method: 'POST',
  path: paths.teams,
  asker: 'device',
  async handle(c, services) {
    const { signer, body } = await readSigned(c, services.signatures, SMALL_BODY)
    services.requestRates.take(signer.device, 1)
    const { member } = decodeBody(teamsRequest, body)
    if (!(await mayAsk(services, signer.chain, member))) throw new RelayError('UNKNOWN', 'there is no such member')
    const sittings = await teamsOf(services.state, member, services.now())
    return answer(teamsAnswer, { teams: sittings.map(({ team }) => team) })
  },
}

/** The member herself, and the institutions that gave her a credential. */
async function mayAsk({ state }: Services, asker: ChainId, member: ChainId): Promise<boolean> {
  if (equal(asker, member)) return true
  const credentials = await credentialsOf(state, member)
  return credentials.some(({ value }) => value.state !== 'offered' && equal(value.institution, asker))
}
