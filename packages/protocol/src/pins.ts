// Pins: what a ledger is told of network and log before anything else, and what it remembers of them over restarts.
// Spec: docs/spec/rules.md, "Verifying". Taken as copies: what is pinned stays as it was given, whatever its memory is used for later.
import { type ChainId, expectId, type LinkHash } from './bytes.js'
import { expectList, expectNatural, reading } from './check.js'
import type { TreeHead } from './merkle.js'
import { checkNoteKey, type NoteKey } from './note.js'

/** What a client must know beforehand: the network's chain id, its founding entry's link hash, and the log's key. */
export interface NetworkPin {
  readonly chain: ChainId
  readonly founding: LinkHash
  readonly log: NoteKey
}

/** The newest known entry of a chain. */
export interface ChainPin {
  readonly chain: ChainId
  readonly sequence: number
  readonly link: LinkHash
}

/** What a client remembers over restarts: the newest tree, and how far it has seen each chain. */
export interface Pins {
  readonly tree: TreeHead | null
  readonly chains: readonly ChainPin[]
}

/** @throws ProtocolError USAGE, KEY_FORMAT */
export const ownNetworkPin = (network: NetworkPin): NetworkPin =>
  reading('a network to pin', () => ({
    chain: copyOf(network.chain),
    founding: copyOf(network.founding),
    log: checkNoteKey(network.log),
  }))

/** @throws ProtocolError USAGE */
export function ownPins(pins: Pins): Pins {
  const tree = reading('a tree to pin', () => treeOf(pins.tree))
  const chains: ChainPin[] = []
  reading('chains to pin', () =>
    expectList(pins.chains, ({ chain, sequence, link }) =>
      chains.push({ chain: copyOf(chain), sequence: expectNatural(sequence), link: copyOf(link) }),
    ),
  )
  return { tree, chains }
}

const copyOf = <T extends Uint8Array>(id: T): T => new Uint8Array(expectId(id)) as Uint8Array as T

const treeOf = (tree: TreeHead | null): TreeHead | null =>
  tree === null ? null : { size: expectNatural(tree.size), root: copyOf(tree.root) }
