// The way from the secrets that are held to an earlier one, over back-links. Spec: docs/spec/keys.md, "Back-links".
import type { BackLink } from '@sealchart/protocol'
import { hasCode } from './errors.js'

/** Where secrets of one section, trail or group are held, opened, and compared with what their entries commit to. */
export interface Way<T> {
  held(epoch: number): T | null
  open(link: BackLink, epoch: number, secret: T): Promise<T>
  /** @throws SealchartError COMMITMENT */
  take(epoch: number, secret: T): Promise<void>
}

/**
 * The secret of an epoch, or null when nothing that is held leads there. Every epoch leads to one earlier epoch: whoever started it may have
 * poisoned the link, and a later epoch may lead around it. @throws SealchartError COMMITMENT, UNAUTHENTIC when every way ends in such a link.
 */
export async function goBack<T>(
  starts: ReadonlyMap<number, { readonly back: BackLink | null }>,
  target: number,
  way: Way<T>,
): Promise<T | null> {
  const own = way.held(target)
  if (own !== null) return own
  let poisoned: unknown = null
  for (const from of [...starts.keys()].filter((epoch) => epoch > target).sort((a, b) => a - b)) {
    try {
      const found = await walk(starts, { from, target }, way)
      if (found !== null) return found
    } catch (error) {
      if (!hasCode(error, 'COMMITMENT', 'UNAUTHENTIC')) throw error
      poisoned ??= error
    }
  }
  if (poisoned !== null) throw poisoned
  return null
}

/** Follows the links from one held epoch down to the target; null if it is not held, or its links lead past. */
async function walk<T>(
  starts: ReadonlyMap<number, { readonly back: BackLink | null }>,
  { from, target }: { readonly from: number; readonly target: number },
  way: Way<T>,
): Promise<T | null> {
  let secret = way.held(from)
  let at = from
  while (secret !== null && at > target) {
    const back = starts.get(at)?.back
    if (!back) return null
    if (way.held(back.to) === null) await way.take(back.to, await way.open(back, at, secret))
    at = back.to
    secret = way.held(at)
  }
  return at === target ? secret : null
}

/**
 * Where a new epoch links back to: the newest one that opens and from which the links lead to the first. Whoever started an epoch may have
 * wrapped its secret well and poisoned its link: those who join later would not get past it. Where no links lead so far, the newest that
 * opens. Null when nothing does.
 */
export async function linkedBack<T>(
  starts: ReadonlyMap<number, { readonly back: BackLink | null }>,
  newest: number,
  { secret, way }: { readonly secret: (epoch: number) => Promise<T | null>; readonly way: Way<T> },
): Promise<{ readonly epoch: number; readonly secret: T } | null> {
  let fallback: { epoch: number; secret: T } | null = null
  for (let epoch = newest; epoch >= 0; epoch--) {
    try {
      const found = await secret(epoch)
      if (found === null) continue
      fallback ??= { epoch, secret: found }
      if (await leadsToFirst(starts, { epoch, secret: found }, way)) return { epoch, secret: found }
    } catch (error) {
      if (!hasCode(error, 'COMMITMENT', 'UNAUTHENTIC', 'NOT_GRANTED', 'KEY_UNVERIFIED')) throw error
    }
  }
  return fallback
}

/** Opens every link of the way from an epoch, also to what is held from elsewhere. @throws SealchartError COMMITMENT, UNAUTHENTIC */
async function leadsToFirst<T>(
  starts: ReadonlyMap<number, { readonly back: BackLink | null }>,
  from: { readonly epoch: number; readonly secret: T },
  way: Way<T>,
): Promise<boolean> {
  let { epoch, secret } = from
  while (epoch > 0) {
    const back = starts.get(epoch)?.back
    if (!back) return false
    secret = await way.open(back, epoch, secret)
    epoch = back.to
    await way.take(epoch, secret)
  }
  return true
}
