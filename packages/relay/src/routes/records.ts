// POST records: one record, or a page of those that the asker may list. Spec: docs/spec/relay.md, "Records".
// What comes is what needs no entry: cards, envelopes without section keys, and the chains that say who may do what.
import {
  accessLogOf,
  type ChainId,
  type EntryHash,
  facts,
  type HandedRow,
  type Infer,
  type LinkHash,
  paths,
  type RecordItem,
  recordsAnswer,
  recordsRequest,
} from '@sealchart/protocol'
import { besideOf, type Closure, collectClosure } from '../closure.js'
import { RelayError } from '../errors.js'
import { heldRow } from '../handout.js'
import { answer, decodeBody, readSigned, type Signed } from '../http.js'
import { recordsOf, teamsOf } from '../membership.js'
import { readAttachment } from '../objects.js'
import type { Services } from '../services.js'
import { pause } from '../slices.js'
import { factOf, keyOf } from '../state.js'
import { type Route, SMALL_BODY } from './route.js'

type Asked = Infer<typeof recordsRequest>

interface Candidate {
  readonly record: ChainId
  readonly changed: number
  readonly grants: readonly EntryHash[]
}

export const recordsRoute: Route = {
  method: 'POST',
  path: paths.records,
  asker: 'device',
  async handle(c, services) {
    const { signer, body } = await readSigned(c, services.signatures, SMALL_BODY)
    services.requestRates.take(signer.device, 1)
    const asked = decodeBody(recordsRequest, body)
    const { candidates, more } =
      asked.record === null ? await page(services, signer, asked) : await one(services, signer, asked.record)
    const taken = await takeFitting(services, { candidates, signer, asked })
    const records: RecordItem[] = []
    for (const candidate of taken.whole) records.push(await itemOf(services, signer.chain, candidate))
    const beside = await besideOf(services, taken.closure.rows)
    const cut = taken.closure.more || taken.whole.length < candidates.length
    return answer(recordsAnswer, {
      records,
      proven: await services.prover.prove(taken.closure.rows, asked.seen),
      beside,
      more: more || cut,
    })
  },
}

async function one(
  services: Services,
  { chain }: Signed,
  record: ChainId,
): Promise<{ candidates: Candidate[]; more: boolean }> {
  const grants = await services.permissions.grantsOf(chain, record)
  const head = await services.state.head(record)
  if (grants.length === 0 || head === null) throw new RelayError('UNKNOWN', 'there is no such record')
  return { candidates: [{ record, changed: head.index, grants }], more: false }
}

async function page(
  services: Services,
  { chain }: Signed,
  asked: Asked,
): Promise<{ candidates: Candidate[]; more: boolean }> {
  const { limit } = asked
  const candidates: Candidate[] = []
  // A page is filled past what the asker may list no longer: she goes on after the last record that she got.
  for (let { after } = asked; limit > 0; ) {
    const rows = await recordsOf(services, chain, { now: services.now(), after, limit: limit + 1 })
    for (const { record, changed } of rows) {
      const grants = await services.permissions.grantsOf(chain, record)
      if (grants.length === 0) continue
      if (candidates.length === limit) return { candidates, more: true }
      candidates.push({ record, changed, grants })
    }
    if (rows.length <= limit) break
    after = rows.at(-1)?.changed ?? null
    await pause()
  }
  return { candidates, more: false }
}

interface Fitting {
  readonly whole: readonly Candidate[]
  readonly closure: Closure
}

/**
 * As many records as fit into an answer with all their entries; of the first, if not even that fits, a part of its entries. With them
 * come the asker's authorities and teams: an entry that opens one of the records rests on their newest states, whatever the records rest
 * on, and a team's rows are under its newest keys.
 */
async function takeFitting(
  services: Services,
  { candidates, signer, asked }: { candidates: readonly Candidate[]; signer: Signed; asked: Asked },
): Promise<Fitting> {
  const known = new Map(asked.have.map(({ chain, sequence }) => [keyOf(chain), sequence]))
  const authorities = await services.permissions.authoritiesOf(signer.chain)
  const teams = (await teamsOf(services.state, signer.chain, services.now())).map(({ team }) => team)
  const collect = async (of: readonly Candidate[]): Promise<Closure> => {
    const chains = [...authorities, ...teams, ...of.map(({ record }) => record)]
    const want = chains.map((chain) => ({ chain, after: (known.get(keyOf(chain)) ?? -1) + 1 }))
    return collectClosure(services, { asker: signer, want, have: asked.have })
  }
  for (let count = candidates.length; ; count = Math.floor(count / 2)) {
    const whole = candidates.slice(0, count)
    const closure = await collect(whole)
    if (!closure.more) return { whole, closure }
    if (count <= 1) return { whole: [], closure }
  }
}

async function itemOf(
  services: Services,
  member: ChainId,
  { record, changed, grants }: Candidate,
): Promise<RecordItem> {
  const { state, reads, segments } = services
  const card = await factOf(state, record, facts.content(0))
  if (card === null) throw new RelayError('INTERNAL', 'a record has no card')
  const log = accessLogOf(record)
  const head = await state.head(log)
  return {
    record,
    changed,
    card: await readAttachment(reads, segments, card.object.digest),
    rows: await rowsOf(services, member, { record, grants }),
    access: head ? { number: head.sequence, link: head.link } : { number: 0, link: log as Uint8Array as LinkHash },
  }
}

/** The rows under which a member holds her grants: in their own lists, and in those that began newer epochs of what was granted. */
async function rowsOf(
  { state, wrapLists }: Services,
  member: ChainId,
  { record, grants }: { record: ChainId; grants: readonly EntryHash[] },
): Promise<HandedRow[]> {
  const rows = new Map<string, HandedRow>()
  for (const hash of grants) {
    const grant = await factOf(state, record, facts.grant(hash))
    const base = grant ?? (await factOf(state, record, facts.founder))
    if (base === null) continue
    const lists = new Map([[keyOf(base.wraps), base.wraps]])
    const sections = grant ? [0, ...grant.sections] : await allSections(state, record)
    for (const id of sections) {
      const section = await factOf(state, record, facts.section(id))
      if (section && section.index > base.index) lists.set(keyOf(section.wraps), section.wraps)
    }
    for (const [key, list] of lists) {
      const row = await heldRow(wrapLists, { list, holder: grant?.recipient ?? null, member })
      if (row) rows.set(key + row.handed.position, row.handed)
    }
  }
  return [...rows.values()]
}

const SECTIONS = 'section/'

async function allSections(state: Services['state'], record: ChainId): Promise<number[]> {
  return (await state.under(record, SECTIONS)).map(({ key }) => Number(key.slice(SECTIONS.length)))
}
