// A member's credentials as a state has them. Spec: docs/spec/relay.md, "The gate".
import { type ChainId, type Credential, type EntryHash, facts, type Look, readFact, unhex } from '@sealchart/protocol'
import { factOf, type State } from './state.js'

const CREDENTIALS = 'credential/'

/** All credentials on a member's chain. */
export async function credentialsOf(state: State, member: ChainId): Promise<{ hash: EntryHash; value: Credential }[]> {
  const rows = await state.under(member, CREDENTIALS)
  return rows.map(({ key, value }) => {
    const hash = unhex(key.slice(CREDENTIALS.length)) as Uint8Array as EntryHash
    return { hash, value: readFact(facts.credential(hash), value) }
  })
}

/** The rules' own view of the newest state, without the duty to rest on what is looked at. */
export const newestLook = (state: State, network: ChainId): Look => ({
  network,
  fact: (chain, target) => factOf(state, chain, target),
})
