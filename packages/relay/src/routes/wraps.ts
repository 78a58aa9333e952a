// POST wraps: the asker's own rows of a group's wrap lists. Spec: docs/spec/relay.md, "Rows".
// A member's devices and a team's members get one key each, and nothing is held back: there is no opening that an entry would show.
import { type ChainId, type Digest, equal, type HandedRow, paths, wrapsAnswer, wrapsRequest } from '@sealchart/protocol'
import { answer, decodeBody, readSigned, type Signed } from '../http.js'
import type { Services } from '../services.js'
import { type Route, SMALL_BODY } from './route.js'

export const wrapsRoute: Route = {
  method: 'POST',
  path: paths.wraps,
  asker: 'device',
  async handle(c, services) {
    const { signer, body } = await readSigned(c, services.signatures, SMALL_BODY)
    services.requestRates.take(signer.device, 1)
    const rows: (HandedRow | null)[] = []
    for (const wanted of decodeBody(wrapsRequest, body).wanted) rows.push(await ownRow(services, signer, wanted))
    return answer(wrapsAnswer, { rows })
  },
}

async function ownRow(
  { permissions, reads, wrapLists }: Services,
  signer: Signed,
  { chain, wraps }: { readonly chain: ChainId; readonly wraps: Digest },
): Promise<HandedRow | null> {
  const recipient = await permissions.recipientIn(signer, chain)
  if (recipient === null) return null
  // The list must be one of this chain: those of a record are handed out by its own permissions.
  const list = await reads.attachment(wraps)
  const entry = list === null || list.live === null ? null : await reads.entryAt(list.live)
  if (entry === null || !equal(entry.chain, chain)) return null
  return (await wrapLists.rowOf(wraps, recipient))?.handed ?? null
}
