// A doctor who works in a browser: her vault is the page's database, opened by her passkey. Runs in Chromium only (npm
// run test:browser).
import { browserVault, passkey, Sealchart } from '@sealchart/client-sdk'
import type {} from '@vitest/browser-playwright'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { cdp } from 'vitest/browser'
import { testNetwork } from '../../src/index.js'
import { codeOf, LETTER, read, visit } from './support.js'

const session = cdp()
let authenticatorId: string
beforeEach(async () => {
  await session.send('WebAuthn.enable')
  const options = {
    protocol: 'ctap2',
    ctap2Version: 'ctap2_1',
    transport: 'internal',
    hasResidentKey: true,
    hasUserVerification: true,
    hasPrf: true,
    isUserVerified: true,
    automaticPresenceSimulation: true,
  } as const
  authenticatorId = (await session.send('WebAuthn.addVirtualAuthenticator', { options })).authenticatorId
})
afterEach(() => session.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId }))

test('Ho enrols with a passkey, shares, loads the page again and is the same person; without it she is nobody', async () => {
  const net = await testNetwork({ kec: ['chan'], hospital: ['lee'] })
  const claims = { name: 'Dr Ho', registration: 'M90001', board: 'hk-mchk', role: 'doctor' }
  const enrol = net.institutions.kec.credentialFor(claims)
  const nobodyAsks = async (): Promise<Uint8Array> => {
    throw new Error('nobody has to be asked again')
  }
  const open = (credential: typeof enrol, existing: boolean) =>
    Sealchart.open({
      ...net.connect,
      network: net.network,
      vault: browserVault({ unlock: passkey({ label: 'ho@kec.example' }), name: 'ho', existing }),
      credential,
    })

  const chart = await open(enrol, false)
  const record = await chart.records.create(visit('v1'))
  await record.share({ with: net.person('lee'), sections: ['summary'], reason: 'referral' })
  const opened = await net.chart('lee').records.open(record.id, { purpose: 'treatment' })
  expect(await read(opened, 'summary')).toBe(LETTER)

  const again = await open(nobodyAsks, true)
  expect(again.me.id).toEqual(chart.me.id)
  const mine = await again.records.open(record.id, { purpose: 'treatment' })
  expect(await read(mine, 'summary')).toBe(LETTER)

  await session.send('WebAuthn.clearCredentials', { authenticatorId })
  expect(await codeOf(open(nobodyAsks, true))).toBe('PASSKEY_CANCELLED')
  await net.close()
})
