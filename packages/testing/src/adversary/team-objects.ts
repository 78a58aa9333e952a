// Everything sealed that a relay stores of a team, and trying secrets on it, each in the object's own context.
import { type DeviceSeed, type EpochSecret, openBackLink, openTeamTitle, openTeamWrap } from '@sealchart/crypto'
import { type AnyEntry, type ChainId, equal, is, readWrapRows } from '@sealchart/protocol'
import type { SealedObject, Stored } from './objects.js'

/** All sealed objects of a team, in log order: wraps, links to earlier epochs, a consultation's title. */
export async function teamObjects(stored: Stored, network: ChainId, team: ChainId): Promise<SealedObject[]> {
  const found: SealedObject[] = []
  for (const { index, entry } of stored.entries) {
    if (!equal(entry.chain, team)) continue
    const wraps = wrapsOf(entry)
    const list = wraps && (await stored.attachment(wraps.attached.digest))
    for (const { row } of list ? readWrapRows(list) : []) {
      const at = { network, chain: team, leaf: row.leaf, envelope: row.envelope }
      found.push({ kind: 'envelope', index, open: (seed) => openTeamWrap({ ...at, seed: seed as DeviceSeed }) })
    }
    const start = is(entry, 'team', 'change') || is(entry, 'team', 'refresh') ? entry.body.epoch : null
    if (start) {
      const place = { network, chain: team, what: 0, epoch: start.epoch }
      found.push({ kind: 'back-link', index, open: (secret) => openBackLink(start.back, secret as EpochSecret, place) })
    }
    const title = entry.private && (await stored.beside(entry.private))
    if (title)
      found.push({
        kind: 'note',
        index,
        open: (secret) => openTeamTitle(title, secret as EpochSecret, { network, team }),
      })
  }
  return found
}

const wrapsOf = (entry: AnyEntry) =>
  is(entry, 'team', 'found') || is(entry, 'team', 'change') || is(entry, 'team', 'refresh') ? entry.body.wraps : null
