// Pins: what a client has seen of the log and of each chain, kept sealed in its vault, so that no relay can lead it back.
// Spec: docs/spec/rules.md, "Pins". Held by the ledger while the process runs; here only their form and their keeping.
import {
  bytes,
  type ChainId,
  equal,
  hex,
  type LinkHash,
  list,
  nullable,
  type Pins,
  pack,
  struct,
  type TreeHash,
  uint,
  unpack,
} from '@sealchart/protocol'
import { ClientError } from './errors.js'
import type { Keeper } from './vaults/contract.js'

const BLOB = 'pins'

const pinsShape = struct({
  network: bytes<ChainId>(32),
  tree: nullable(struct({ size: uint(), root: bytes<TreeHash>(32) })),
  chains: list(struct({ chain: bytes<ChainId>(32), sequence: uint(), link: bytes<LinkHash>(32) }), 1 << 20),
})

/** @throws ClientError USAGE when the vault's pins belong to another network. */
export async function loadPins(keeper: Keeper, network: ChainId): Promise<Pins> {
  const blob = await keeper.get(BLOB)
  if (blob === null) return { tree: null, chains: [] }
  const pins = unpack(pinsShape, blob, 'pins')
  if (!equal(pins.network, network)) throw new ClientError('USAGE', 'this vault belongs to another network')
  return { tree: pins.tree, chains: pins.chains }
}

/**
 * Writes pins on top of what another process of the same vault may have written: whichever has seen more stands.
 * @throws ClientError FORK when the other process was shown another entry, or another tree, at the same place.
 */
export async function savePins(keeper: Keeper, network: ChainId, pins: Pins): Promise<void> {
  await keeper.update(BLOB, (blob) => {
    const before = blob === null ? { tree: null, chains: [] } : unpack(pinsShape, blob, 'pins')
    const chains = new Map(before.chains.map((pin) => [hex(pin.chain), pin]))
    for (const pin of pins.chains) {
      const known = chains.get(hex(pin.chain))
      if (known && known.sequence === pin.sequence && !equal(known.link, pin.link)) throw forked()
      if (!known || known.sequence <= pin.sequence) chains.set(hex(pin.chain), pin)
    }
    if (before.tree && pins.tree && before.tree.size === pins.tree.size && !equal(before.tree.root, pins.tree.root))
      throw forked()
    const tree = (before.tree?.size ?? -1) > (pins.tree?.size ?? -1) ? before.tree : pins.tree
    return pack(pinsShape, {
      network,
      tree: tree && { size: tree.size, root: tree.root },
      chains: [...chains.values()],
    })
  })
}

const forked = (): ClientError =>
  new ClientError('FORK', 'another process with this vault was shown another history than this one')

/** Whether two sets of pins say the same; chains only ever move forward, so their count and heads decide. */
export function equalPins(a: Pins, b: Pins): boolean {
  const sum = (pins: Pins): number => pins.chains.reduce((total, pin) => total + pin.sequence + 1, 0)
  return a.tree?.size === b.tree?.size && a.chains.length === b.chains.length && sum(a) === sum(b)
}
