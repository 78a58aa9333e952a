// An institution's process: its root, its issuer behind a log-in, and in one of them the root of the network.

import { fileVault, Institution, Network } from '@sealchart/client-sdk'
import { play } from './role.mjs'

/** @type {Network | undefined} */
let network
/** @type {Institution | undefined} */
let root
/** @type {import('@sealchart/client-sdk').Issuer | undefined} */
let issuer

play({
  /** Founds the network on an empty relay; the answer is the network file, which clients get by another way than the relay. */
  async foundNetwork({ relay, token, vault, hostKey }) {
    network = await Network.found({ name: 'Demonstration', relay, token, vault: fileVault(vault, hostKey) })
    return network.text
  },
  async found({ file, name, vault, hostKey }) {
    root = await Institution.found({ network: file, name, vault: fileVault(vault, hostKey) })
    return root.founding
  },
  admit: (founding) => network?.admit({ founding }),
  async appoint({ vault, hostKey }) {
    issuer = await root?.appointIssuer({ vault: fileVault(vault, hostKey) })
  },
  /** A device asks, for whoever the log-in has said is there. */
  issue: ({ request, claims }) => issuer?.issue(request, claims),
})
