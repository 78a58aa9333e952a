// A member's credentials as a state has them. Spec: docs/spec/relay.md, "The gate".
import {
  type ChainId,
  type Credential,
  type EntryHash,
  equal,
  facts,
  type Holder,
  isVouched,
  type Look,
  readFact,
  unhex,
} from '@sealchart/protocol'
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

/** Whether an institution (null: any) vouches for a member, whether or not her credential has run out. */
export async function isVouchedFor(state: State, network: ChainId, { member, institution }: Holder): Promise<boolean> {
  for (const { value } of await credentialsOf(state, member)) {
    if (institution !== null && !equal(value.institution, institution)) continue
    if (await isVouched(value, newestLook(state, network))) return true
  }
  return false
}
