import { memoryVault } from '@sealchart/client-sdk'
import { testNetwork } from '@sealchart/testing'
import { expect, test } from 'vitest'
import { addressOf, openChart, startServer } from '../express-login.js'

test('whoever is logged in gets a credential that says who she is; nobody else gets one', async () => {
  const net = await testNetwork({ clinic: [] })
  const ng = { name: 'Ng Wai', registration: 'N7001', board: 'hk-nchk', role: 'nurse' }
  const server = await startServer(net.institutions.clinic.issuer, new Map([['session-of-ng', ng]]))
  try {
    const options = { ...net.connect, network: net.network }
    const vault = memoryVault()
    const chart = await openChart({ server: addressOf(server), token: 'session-of-ng' }, { ...options, vault })
    expect(chart.me).toMatchObject({ ...ng, status: 'verified', institution: { name: 'Clinic' } })

    // A year later the SDK asks for a new one by itself, for the same keys.
    net.clock.advance({ days: 366 })
    const later = await openChart({ server: addressOf(server), token: 'session-of-ng' }, { ...options, vault })
    expect(later.me).toMatchObject({ id: chart.me.id, status: 'verified' })

    const stranger = openChart({ server: addressOf(server), token: 'guessed' }, { ...options, vault: memoryVault() })
    await expect(stranger).rejects.toThrow('401')
  } finally {
    server.close()
    await net.close()
  }
})
