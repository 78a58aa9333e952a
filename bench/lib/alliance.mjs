// A network on a running relay for benches that measure what a vendor's program sees: everything by the SDK's own calls.
// Nothing is measured here, and no key is taken out of a vault.
import { randomBytes } from 'node:crypto'
import { Institution, memoryVault, Network, Sealchart } from '@sealchart/client-sdk'

const newVault = () => memoryVault({ hostKey: new Uint8Array(randomBytes(32)) })

/** Founds a network with one institution; `enrol` makes a person, and `reopen` opens her vault again as a new process would. */
export async function foundAlliance(relay) {
  const { url, token } = relay
  const network = await Network.found({ name: 'Bench', relay: url, token, vault: newVault() })
  const clinic = await Institution.found({ network: network.text, name: 'Clinic', vault: newVault() })
  await network.admit(clinic)
  const issuer = await clinic.appointIssuer({ vault: newVault() })
  let count = 0
  const open = (person, options = {}) =>
    Sealchart.open({ network: network.text, vault: person.vault, credential: person.credential, ...options })
  return {
    text: network.text,
    /** A person with her vault and her open chart. `options` go to Sealchart.open. */
    async enrol(options = {}) {
      count++
      const claims = { name: `Dr ${count}`, registration: `M${10_000 + count}`, board: 'hk-mchk', role: 'doctor' }
      const person = { vault: newVault(), credential: (request) => issuer.issue(request, claims), claims }
      return { ...person, chart: await open(person, options) }
    },
    reopen: open,
  }
}

/** A transport that counts: requests, and bytes of bodies in both directions. */
export function countingTransport() {
  const counts = { requests: 0, sent: 0, received: 0 }
  const transport = async (request) => {
    const body = request.method === 'GET' ? undefined : await request.arrayBuffer()
    counts.requests++
    counts.sent += body?.byteLength ?? 0
    const response = await fetch(request.url, {
      method: request.method,
      headers: request.headers,
      ...(body ? { body } : {}),
      signal: request.signal,
      redirect: 'error',
    })
    const answer = new Uint8Array(await response.arrayBuffer())
    counts.received += answer.length
    const { status, headers } = response
    return new Response(status === 204 ? null : answer, { status, headers })
  }
  const take = () => {
    const taken = { ...counts }
    Object.assign(counts, { requests: 0, sent: 0, received: 0 })
    return taken
  }
  return { transport, take }
}
