// A program that only shows records: Chan shares, Lee reads with a Reader. It enrols nobody, and leaves the same trace as every opening.
import { memoryVault, Reader } from '@sealchart/client-sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestNetwork, testNetwork } from '../../src/index.js'
import { codeOf } from './support.js'

const plan = { clinic: ['chan'], hospital: ['lee'] } as const
const letter = new TextEncoder().encode('No stenosis.')
const sections = { letter: { name: 'letter.txt', data: letter }, labs: { name: 'labs.txt', data: letter } }
let net: TestNetwork<typeof plan>
let id: string

beforeAll(async () => {
  net = await testNetwork(plan)
  const share = [{ with: net.person('lee'), sections: ['letter'], reason: 'referral' }]
  const record = await net.chart('chan').records.create({ ref: 'visit-1', title: 'CT', sections, share })
  id = record.id
})
afterAll(() => net.close())

const reader = (): Promise<Reader> =>
  Reader.open({ ...net.connect, network: net.network, vault: net.member('lee').vault })

describe('a reader', () => {
  it('lists the record, opens it and reads its files', async () => {
    const lee = await reader()
    const { records } = await lee.list()
    expect(records.map((item) => [item.id, item.card.title, item.version])).toEqual([[id, 'CT', 1]])
    const opened = await lee.open(id, { purpose: 'treatment' })
    const [file] = opened.files('letter')
    expect(await file?.bytes()).toEqual(letter)
    expect([opened.id, opened.card.title, opened.version]).toEqual([id, 'CT', 1])
    expect(opened.versions().map(({ number, sections: changed }) => [number, changed])).toEqual([
      [1, ['letter', 'labs']],
    ])
  })

  it('opens what is granted and nothing else', async () => {
    const lee = await reader()
    const opened = await lee.open(id, { purpose: 'treatment' })
    expect(await codeOf((async () => opened.files('labs'))())).toBe('NOT_GRANTED')
    expect(await codeOf(lee.open(id, { purpose: 'treatment', sections: ['labs'] }))).toBe('NOT_GRANTED')
  })

  it('stands on the trail with its purpose', async () => {
    await (await reader()).open(id, { purpose: 'second opinion' })
    const record = await net.chart('chan').records.open(id, { purpose: 'audit' })
    const steps = []
    for await (const step of record.trail()) steps.push([step.what, step.who?.name, step.text])
    expect(steps).toContainEqual(['view', 'Dr Lee', 'second opinion'])
  })

  it('does not open a vault that holds nobody, or whose credential no longer holds', async () => {
    const vault = memoryVault({ hostKey: new Uint8Array(32).fill(7) })
    expect(await codeOf(Reader.open({ ...net.connect, network: net.network, vault }))).toBe('NO_CREDENTIAL')
    net.clock.advance({ days: 400 })
    expect(await codeOf(reader())).toBe('NO_CREDENTIAL')
  })
})
