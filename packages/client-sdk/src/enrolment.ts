// Enrolment: how a member comes to exist, and how her credential is renewed. Spec: docs/spec/entries.md, "Enrolment".
// The device makes its keys and signs the founding; an issuer behind the vendor's log-in answers with a credential; the device accepts.
// The identity is in the vault before anything is sent, so that a crash at any point continues where it stood.
import {
  type DeviceSeed,
  deviceFromSeed,
  type EpochSecret,
  encodeIdentity,
  type Identity,
  memberEpochKeys,
  newSecret,
  sealDeviceWrap,
} from '@sealchart/crypto'
import {
  type AnyEntry,
  bytes,
  type ChainId,
  chainIdOf,
  decodeClaims,
  decodeEntry,
  describeWrapList,
  encodeNoteKey,
  encodeWrapList,
  equal,
  facts,
  is,
  pack,
  registrationChainOf,
  sha256,
  struct,
  unpack,
  verifyEntry,
} from '@sealchart/protocol'
import { decodeCredentialAnswer, encodeCredentialRequest } from './credential.js'
import { isPending } from './device-enrolment.js'
import { isListed, loadIdentity, memberOf } from './enrolled.js'
import { ClientError, hasCode } from './errors.js'
import type { Member } from './member.js'
import { IDENTITY } from './member-keys.js'
import { type ConnectOptions, type NetworkFile, surroundingsOf } from './network.js'
import { names } from './numbers.js'
import { standingCredential, syncNumbers } from './people.js'
import type { Keeper } from './vaults/contract.js'

/** Brings a request to the issuer behind the vendor's log-in and its answer back. */
export type CredentialSource = (request: Uint8Array) => Promise<Uint8Array>

const NONCE = 'founding-nonce'
const nonceShape = struct({ nonce: bytes(32) })

/** Opens the member of a vault, enrolling or renewing through `credential` when that is needed. */
export async function openMember(
  keeper: Keeper,
  network: NetworkFile,
  credential: CredentialSource | null,
  options: ConnectOptions,
): Promise<Member> {
  const found = await loadIdentity(keeper, network)
  if (found === null && (await isPending(keeper)))
    throw new ClientError('USAGE', 'a device waits in this vault to be enrolled: go on with Sealchart.enrolDevice')
  const identity = found ?? (await newIdentity(keeper, network, options))
  const { chain } = identity
  const over = (signs: boolean): Promise<Member> => memberOf(identity, keeper, { network, signs, options })
  const member = await over(true)
  if (found === null || !(await isListed(member))) {
    const source = required(credential)
    // A relay answers signed requests of listed devices only: until she is enrolled she asks as a stranger.
    const enrolled = enrol(await over(false), keeper, source)
    // Another process of this vault may have been faster: then she is enrolled, as whom it says.
    const conflict = await enrolled.then(() => null, onlyConflict)
    await member.session.sync([chain, network.pin.chain])
    if (conflict && member.session.ledger.head(chain) === null) throw conflict
  }
  if (!standingCredential(member.session, chain)) await renew(member, required(credential))
  await syncNumbers(member.session, [chain])
  return member
}

const onlyConflict = (error: unknown): unknown => {
  if (hasCode(error, 'CONFLICT')) return error
  throw error
}

const required = (credential: CredentialSource | null): CredentialSource => {
  if (credential) return credential
  throw new ClientError('NO_CREDENTIAL', 'this member needs a credential: pass `credential`, which reaches the issuer')
}

async function newIdentity(keeper: Keeper, network: NetworkFile, options: ConnectOptions): Promise<Identity> {
  const { random } = surroundingsOf(options)
  const seed = newSecret<DeviceSeed>(random)
  // The nonce first: an identity without its nonce could never be founded. One that is there stays, because another process that
  // opens the same new vault may have made its identity with it.
  const fresh = pack(nonceShape, { nonce: random(32) })
  await keeper.update(NONCE, (kept) => kept ?? fresh)
  const nonce = await foundingNonce(keeper)
  const device = deviceFromSeed(seed)
  const identity: Identity = {
    network: network.pin.chain,
    founding: network.pin.founding,
    logKey: encodeNoteKey(network.pin.log),
    chain: chainIdOf(network.pin.chain, device.id, nonce),
    seed,
    keys: device.keys,
    epochs: [{ epoch: 0, secret: newSecret<EpochSecret>(random) }],
  }
  try {
    await keeper.put(IDENTITY, encodeIdentity(identity))
    return identity
  } catch (error) {
    // Two processes that open one new vault at once: the first one's identity is the member's.
    const first = hasCode(error, 'VAULT_CONFLICT') ? await loadIdentity(keeper, network) : null
    if (first === null) throw error
    return first
  }
}

async function foundingNonce(keeper: Keeper): Promise<Uint8Array> {
  const kept = await keeper.get(NONCE)
  if (kept === null) throw new ClientError('VAULT', 'the vault has lost the founding nonce of this member')
  return unpack(nonceShape, kept, 'nonce').nonce
}

async function enrol(member: Member, keeper: Keeper, source: CredentialSource): Promise<void> {
  const { session } = member
  await session.sync([session.network.chain])
  const founding = await signFounding(member, await foundingNonce(keeper))
  const request = encodeCredentialRequest({ member: session.chain, founding: founding.entry.bytes })
  const credential = await credentialFrom(member, await source(request), [founding.entry])
  const accept = await signAccept(member, [founding.entry, credential.entry], credential.entry)
  const bind = await signNumber(member, [founding.entry, credential.entry, accept], 'bind')
  const luggage = { attachments: [founding.attachment], beside: [credential.claims] }
  await session.append([founding.entry, credential.entry, accept, ...bind], luggage)
}

async function signFounding(
  { session, first }: Member,
  nonce: Uint8Array,
): Promise<{ entry: AnyEntry; attachment: Uint8Array }> {
  const network = session.network.chain
  const { keys, id } = session.device
  const epochKey = memberEpochKeys(first, { network, member: session.chain, epoch: 0 }).key
  const target = {
    recipient: id as Uint8Array as ChainId,
    epoch: 0,
    keyHash: sha256(keys.box),
    sequence: 0,
    link: null,
    what: [],
  }
  const place = { network, chain: session.chain, target, recipientKey: keys.box }
  const row = await sealDeviceWrap(place, first, session.surroundings.random)
  const attachment = encodeWrapList([row])
  const wraps = describeWrapList(attachment, [row], session.ledger.tree?.size ?? 0)
  const body = { keys, nonce, epochKey, wraps }
  return {
    entry: await session.sign({ kind: 'member', chain: session.chain, type: 'found', body, restsOn: [] }),
    attachment,
  }
}

/**
 * Asks an issuer for a further credential and accepts it; what she says of its registration number, if it names one, comes with it.
 * @throws ClientError BINDING when the number is another member's, unless `says` is `propose`: then it is asked for.
 */
export async function renew(
  member: Member,
  source: CredentialSource,
  says: 'bind' | 'propose' = 'bind',
): Promise<void> {
  const { session } = member
  const answer = await source(encodeCredentialRequest({ member: session.chain, founding: null }))
  const credential = await credentialFrom(member, answer, [])
  const accept = await signAccept(member, [credential.entry], credential.entry)
  const said = await signNumber(member, [credential.entry, accept], says)
  await session.append([credential.entry, accept, ...said], { beside: [credential.claims] })
}

/** What a member says of the registration number that her new credential names: the last but one entry of a list; nothing if it names none. */
async function signNumber(
  { session }: Member,
  after: readonly AnyEntry[],
  says: 'bind' | 'propose',
): Promise<readonly AnyEntry[]> {
  const credential = after.at(-2) as AnyEntry
  if (!is(credential, 'member', 'credential') || credential.body.registration === null) return []
  const chain = registrationChainOf(session.network.chain, credential.body.registration)
  await session.sync([chain])
  const bound = session.ledger.fact(chain, facts.registration)
  const mine = bound === null || equal(bound.member, session.chain)
  if (!mine && says === 'bind')
    throw new ClientError('BINDING', 'the registration number of this credential is bound to another member')
  const restsOn = [session.chain, credential.body.institution, session.network.chain]
  const body = { credential: credential.hash }
  return [await session.sign({ kind: 'registration', chain, type: mine ? 'bind' : 'propose', body, restsOn, after })]
}

/** The credential in an issuer's answer: for this chain, with the claims that it signs, by an issuer that its institution lists. */
async function credentialFrom(
  { session }: Member,
  answer: Uint8Array,
  after: readonly AnyEntry[],
): Promise<{ entry: AnyEntry; claims: Uint8Array }> {
  const { credential, claims } = decodeCredentialAnswer(answer)
  const entry = decodeEntry(credential)
  if (!is(entry, 'member', 'credential') || !equal(entry.chain, session.chain)) {
    throw new ClientError('CRED_BINDING', 'the issuer answered with a credential for somebody else')
  }
  const follows = after.length === 0 || (entry.previous && equal(entry.previous, (after[0] as AnyEntry).link))
  if (!follows || entry.private === null || !equal(sha256(claims), entry.private)) {
    throw new ClientError('CRED_BINDING', 'the issuer’s answer does not fit the request')
  }
  const said = new Map(decodeClaims(claims, session.chain, entry.body).map(({ name, value }) => [name, value]))
  const numbered = { board: said.get('board') ?? '', number: said.get('registration') ?? '' }
  const claimed = said.has('registration') || said.has('board')
  if (claimed ? !names(session, entry.body, numbered) : entry.body.registration !== null)
    throw new ClientError('CRED_BINDING', 'the credential names another registration number than its claims')
  await session.sync([entry.body.institution])
  const issuer = session.ledger.fact(entry.body.institution, facts.device(entry.signer.device))
  if (!issuer || !equal(entry.signer.chain, entry.body.institution))
    throw new ClientError('KEY_UNVERIFIED', 'the institution lists no such issuer')
  verifyEntry(entry, issuer.sign, session.network.chain)
  return { entry, claims }
}

const signAccept = ({ session }: Member, after: readonly AnyEntry[], credential: AnyEntry): Promise<AnyEntry> =>
  session.sign({
    kind: 'member',
    chain: session.chain,
    type: 'accept',
    body: { credential: credential.hash },
    restsOn: [],
    after,
  })
