// POST uploads, uploads/present and attachments: what is stored before an entry names it. Spec: docs/spec/relay.md, "Uploads".
import {
  attachmentAnswer,
  type ChainId,
  chainIdOf,
  type Digest,
  equal,
  type Infer,
  paths,
  presentAnswer,
  presentRequest,
  uploadAnswer,
  uploadRequest,
} from '@sealchart/protocol'
import { type Request, readBody } from '../bodies.js'
import { RelayError } from '../errors.js'
import { answer, decodeBody, readSigned, readSignedPieces, type Signed } from '../http.js'
import { isKept } from '../objects.js'
import type { Services } from '../services.js'
import type { UploadRow } from '../store/contract.js'
import { isStillListed, PUT } from '../tickets.js'
import { type Route, SMALL_BODY } from './route.js'

/** Bytes of an attachment: a wrap list of ten thousand rows, with room. */
const ATTACHMENT = 48 * 1024 * 1024

const unknown = (): never => {
  throw new RelayError('UNKNOWN', 'there is no such upload')
}

// ——— opening

export const uploadsRoute: Route = {
  method: 'POST',
  path: paths.uploads,
  asker: 'device',
  async handle(c, services) {
    const { signer, body } = await readSigned(c, services.signatures, SMALL_BODY)
    services.requestRates.take(signer.device, 1)
    const asked = decodeBody(uploadRequest, body)
    if (!(await mayUpload(services, signer.chain, asked))) return unknown()
    const row = await openUpload(services, signer, asked)
    const { record, id } = asked
    const { chain: member, device } = signer
    const ticket = { kind: PUT, member, device, record, version: 0, sections: [], grant: null, subject: id }
    return answer(uploadAnswer, { ticket: services.tickets.issue(ticket), expires: row.expires })
  },
}

type Asked = Infer<typeof uploadRequest>

/** To a record that exists: its founder, or a writer. To one that does not: whoever its id will be bound to. */
async function mayUpload(services: Services, member: ChainId, { record, nonce }: Asked): Promise<boolean> {
  if ((await services.state.head(record)) !== null) return services.permissions.mayWrite(member, record)
  const network = services.network()
  return network !== null && nonce !== null && equal(chainIdOf(network, member, nonce), record)
}

async function openUpload(services: Services, { chain: member }: Signed, asked: Asked): Promise<UploadRow> {
  const { id, record, reserved } = asked
  const expires = services.now() + services.config.limits.staged
  const known = await services.reads.upload(id)
  if (known !== null) {
    const own =
      equal(known.member, member) &&
      equal(known.record, record) &&
      known.state !== 'live' &&
      known.expires > services.now()
    if (!own) return unknown()
    const prolonged = { ...known, expires }
    await services.sequencer.stage({ uploads: [prolonged] })
    return prolonged
  }
  const row: UploadRow = { id, record, member, reserved, expires, state: 'open' }
  await services.quotas.reserve({ id, member, bytes: reserved, expires }, () =>
    services.sequencer.stage({ uploads: [row] }),
  )
  return row
}

// ——— the upload of a ticket

/** The open upload that a ticket lets its bearer put to. @throws RelayError UNKNOWN. */
export async function uploadOf(c: Request, services: Services): Promise<UploadRow> {
  const ticket = services.tickets.check(c.req.query('ticket'), PUT)
  if (ticket === null || !(await isStillListed(services, ticket))) return unknown()
  const row = await services.reads.upload(ticket.subject)
  const open = row !== null && row.state === 'open' && row.expires > services.now()
  if (!open || !equal(row.member, ticket.member) || !equal(row.record, ticket.record)) return unknown()
  // Asked at each use: a grant that ended ends its uploads at once.
  const exists = (await services.state.head(ticket.record)) !== null
  if (exists && !(await services.permissions.mayWrite(ticket.member, ticket.record))) return unknown()
  return row
}

export const presentRoute: Route = {
  method: 'POST',
  path: paths.present,
  asker: 'ticket',
  async handle(c, services) {
    const upload = await uploadOf(c, services)
    const { record, names } = decodeBody(presentRequest, await readBody(c, SMALL_BODY, services.intakes.known))
    if (!equal(record, upload.record)) return unknown()
    return answer(presentAnswer, { present: await services.reads.present(record, upload.id, names) })
  },
}

// ——— attachments

export const attachmentsRoute: Route = {
  method: 'POST',
  path: paths.attachments,
  asker: 'device',
  async handle(c, services) {
    const { signer, pieces, digest } = await readSignedPieces(c, services.signatures, ATTACHMENT)
    services.requestRates.take(signer.device, 1)
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
    if (length === 0) throw new RelayError('LIMIT', 'an attachment is not empty')
    await stageAttachment(services, signer.chain, { digest, pieces, length })
    return answer(attachmentAnswer, { digest })
  },
}

async function stageAttachment(
  services: Services,
  member: ChainId,
  {
    digest,
    pieces,
    length,
  }: { readonly digest: Digest; readonly pieces: readonly Uint8Array[]; readonly length: number },
): Promise<void> {
  const { reads, segments, sequencer, config, now } = services
  const expires = now() + config.limits.staged
  const known = await reads.attachment(digest)
  if (known !== null && known.live !== null) return
  await services.quotas.attach({ id: digest, member, bytes: length, expires }, async () => {
    // What is about to be collected may lose its file: it is stored again, under whichever row is there then.
    const kept = known !== null && isKept(known, now())
    const place = kept ? known.place : { file: await segments.write(pieces), offset: 0, length }
    await sequencer.stage({ attachments: [{ digest, place, count: 0, root: null, expires, live: null }] })
  })
}
