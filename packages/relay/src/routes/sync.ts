// POST sync: chains and what they rest on. Spec: docs/spec/relay.md, "Sync".
import { paths, syncAnswer, syncRequest } from '@sealchart/protocol'
import { readBody } from '../bodies.js'
import { besideOf, collectClosure } from '../closure.js'
import { answer, claimsSignature, decodeBody, readSigned } from '../http.js'
import { type Route, SMALL_BODY } from './route.js'

export const syncRoute: Route = {
  method: 'POST',
  path: paths.sync,
  asker: 'anybody',
  async handle(c, services) {
    const signed = claimsSignature(c) ? await readSigned(c, services.signatures, SMALL_BODY) : null
    if (signed) services.requestRates.take(signed.signer.device, 1)
    const { seen, want, have } = decodeBody(
      syncRequest,
      signed?.body ?? (await readBody(c, SMALL_BODY, services.intakes.strangers)),
    )
    const closure = await collectClosure(services, { asker: signed?.signer ?? null, want, have })
    const beside = await besideOf(services, closure.rows)
    return answer(syncAnswer, { proven: await services.prover.prove(closure.rows, seen), beside, more: closure.more })
  },
}
