// Registration numbers: one number is one member's, whichever institution claims it; and it moves with her, or in spite of nobody.
import { type Claims, type CredentialSource, memoryVault, Sealchart } from '@sealchart/client-sdk'
import { hex } from '@sealchart/protocol'
import { describe, expect, test } from 'vitest'
import { testNetwork } from '../../src/index.js'
import { all, codeOf } from './support.js'

const NUMBER = { registration: 'M01234', board: 'hk-mchk' }
const plan = { kec: { chan: NUMBER }, hospital: ['lee'], polyclinic: ['wong'] } as const
type Net = Awaited<ReturnType<typeof testNetwork<typeof plan>>>

/** An issuer who was told that this is the same person with new devices. */
const moving =
  ({ issuer }: Net['institutions']['kec'], claims: Claims): CredentialSource =>
  (request) =>
    issuer.issue(request, claims, { move: true })

const CHAN: Claims = { name: 'Dr Chan', ...NUMBER, role: 'doctor' }
const opened = (net: Net, credential: CredentialSource): Promise<Sealchart> =>
  Sealchart.open({ ...net.connect, network: net.network, vault: memoryVault(), credential })

/** Chan has lost her only device; the hospital knows her, and she asks for her number with a new one. */
async function lost(): Promise<{ net: Net; again: Sealchart; id: string }> {
  const net = await testNetwork(plan)
  const again = await opened(net, moving(net.institutions.hospital, CHAN))
  await again.registration.renew({ move: true })
  const [move] = await again.registration.moves(NUMBER)
  return { net, again, id: move?.id ?? '' }
}

describe('a number', () => {
  test('is found by everybody, with who vouches for it', async () => {
    const net = await testNetwork(plan)
    const { directory } = net.chart('lee')
    const found = await directory.one({ registration: 'M01234' })
    expect(found).toMatchObject({ id: net.person('chan').id, ...NUMBER, unregistered: null, status: 'verified' })
    expect(found.vouchedBy.map(({ name }) => name)).toEqual(['Kec'])
    expect((await directory.find(NUMBER)).map(({ name }) => name)).toEqual(['Dr Chan'])
    expect(await directory.find({ registration: 'M01234', board: 'hk-dchk' })).toEqual([])
    expect(await codeOf(directory.find({ name: 'Dr Chan', board: 'hk-mchk' }))).toBe('USAGE')
    expect(await codeOf(directory.find({ board: 'hk-mchk' }))).toBe('USAGE')
    await net.close()
  })

  test('goes to nobody else, whoever issues the credential', async () => {
    const net = await testNetwork(plan)
    const before = net.relay.requests.length
    const asChan = net.institutions.hospital.credentialFor({ ...CHAN, name: 'Mallory' })
    expect(await codeOf(opened(net, asChan))).toBe('BINDING')
    expect(net.relay.requests.slice(before).filter(({ path }) => path === '/v1/append')).toEqual([])
    expect((await net.chart('lee').directory.one({ registration: 'M01234' })).id).toEqual(net.person('chan').id)
    await net.close()
  })

  test('of a doctor with two employers shows both', async () => {
    const net = await testNetwork(plan)
    const chan = net.chart('chan')
    await chan.registration.renew({ credential: net.institutions.hospital.credentialFor(CHAN) })
    expect(chan.me.institution.name).toBe('Hospital')
    const found = await net.chart('lee').directory.one({ registration: 'M01234' })
    expect(found.vouchedBy.map(({ name }) => name).sort()).toEqual(['Hospital', 'Kec'])
    expect(await chan.registration.moves(NUMBER)).toEqual([])
    await net.close()
  })

  test('needs its board, and one spelling', async () => {
    const net = await testNetwork(plan)
    const { issuer } = net.institutions.kec
    const asking = (claims: Partial<Claims>) =>
      codeOf(opened(net, (request) => issuer.issue(request, { name: 'Dr Ho', ...claims })))
    expect(await asking({ registration: 'M55555' })).toBe('USAGE')
    expect(await asking({ board: 'hk-mchk' })).toBe('USAGE')
    expect(await asking({ registration: 'm55555', board: 'hk-mchk' })).toBe('USAGE')
    expect(await asking({ registration: 'M 55555', board: 'hk-mchk' })).toBe('USAGE')
    await net.close()
  })

  test('that looks unusual is issued with a warning', async () => {
    const net = await testNetwork(plan)
    const warnings: string[] = []
    const { issuer } = net.institutions.kec
    const issuing =
      (claims: Claims): CredentialSource =>
      (request) =>
        issuer.issue(request, claims, { onWarning: (warning) => void warnings.push(warning) })
    const ho = await opened(net, issuing({ name: 'Dr Ho', registration: 'M123', board: 'hk-mchk' }))
    expect(ho.me.registration).toBe('M123')
    const ng = await opened(net, issuing({ name: 'Ng', registration: '77', board: 'mo-nurses' }))
    expect(ng.me).toMatchObject({ registration: '77', board: 'mo-nurses' })
    await opened(net, issuing({ name: 'Dr Ma', registration: 'M12345', board: 'hk-mchk' }))
    expect(warnings).toEqual([
      'numbers of the Medical Council of Hong Kong are M and five digits',
      'the board mo-nurses is not known here: every institution has to call it the same',
    ])
    await net.close()
  })

  test('is not renewed for somebody else of the same name', async () => {
    const net = await testNetwork(plan)
    net.clock.advance({ days: 400 })
    const { vault } = net.member('chan')
    const credential = net.institutions.kec.credentialFor({ ...CHAN, registration: 'M09999' })
    expect(await codeOf(Sealchart.open({ ...net.connect, network: net.network, vault, credential }))).toBe(
      'CRED_BINDING',
    )
    await net.close()
  })
})

describe('a doctor whose devices are lost', () => {
  test('works at once, without her number', async () => {
    const { net, again } = await lost()
    expect(again.me).toMatchObject({ name: 'Dr Chan', registration: null, unregistered: 'another', status: 'verified' })
    const { directory } = net.chart('lee')
    expect((await directory.one({ registration: 'M01234' })).id).toEqual(net.person('chan').id)
    const both = await directory.find({ name: 'Dr Chan' })
    expect(both.map(({ registration, unregistered }) => [registration, unregistered])).toEqual([
      [null, 'another'],
      ['M01234', null],
    ])
    await net.close()
  })

  test('has it after fourteen days and two approvals', async () => {
    const { net, again, id } = await lost()
    const { hospital, kec, polyclinic } = net.institutions
    expect(await codeOf(hospital.issuer.approveMove(NUMBER, id))).toBe('ROLE')
    const [move] = await kec.issuer.moves(NUMBER)
    expect(move).toMatchObject({ id, state: 'open', approvals: [] })
    expect(move?.to).toMatchObject({ name: 'Dr Chan', institution: { name: 'Hospital' } })
    await kec.issuer.approveMove(NUMBER, id)
    net.clock.advance({ days: 14 })
    expect(await codeOf(again.registration.settle(NUMBER, id))).toBe('RULE')
    await polyclinic.issuer.approveMove(NUMBER, id)
    await again.registration.settle(NUMBER, id)
    const [over] = await again.registration.moves(NUMBER)
    expect([over?.state, over?.approvals.toSorted()]).toEqual(['over', ['Kec', 'Polyclinic']])
    expect(again.me).toMatchObject({ ...NUMBER, unregistered: null })
    const found = await net.chart('lee').directory.one({ registration: 'M01234' })
    expect([hex(found.id), found.institution.name]).toEqual([hex(again.me.id), 'Hospital'])
    await net.close()
  })

  test('is not quicker than the time for an objection, nor slower than the proposal’s', async () => {
    const { net, again, id } = await lost()
    await net.institutions.kec.issuer.approveMove(NUMBER, id)
    await net.root.approveMove(NUMBER, id)
    net.clock.advance({ days: 13 })
    expect(await codeOf(again.registration.settle(NUMBER, id))).toBe('RULE')
    net.clock.advance({ days: 17 })
    expect(await codeOf(again.registration.settle(NUMBER, id))).toBe('RULE')
    expect((await again.registration.moves(NUMBER))[0]?.state).toBe('expired')
    await net.close()
  })

  test('who has found one again gives the number over at once', async () => {
    const { net, again, id } = await lost()
    const old = net.chart('chan')
    const [news] = await all(old.inbox({ once: true }))
    expect(news).toMatchObject({
      what: 'number asked for',
      who: { name: 'Dr Chan', institution: { name: 'Hospital' } },
    })
    await old.registration.giveTo(NUMBER, id)
    expect(await again.directory.one({ registration: 'M01234' })).toMatchObject({ id: again.me.id })
    expect(again.me.registration).toBe('M01234')
    const told = await all(again.inbox({ once: true }))
    expect(told.map(({ what }) => what)).toEqual(['number given'])
    await net.close()
  })

  test('and who is no such doctor is refused by her', async () => {
    const { net, again, id } = await lost()
    await net.institutions.kec.issuer.approveMove(NUMBER, id)
    await net.institutions.polyclinic.issuer.approveMove(NUMBER, id)
    await net.chart('chan').registration.object(NUMBER, id)
    expect((await all(again.inbox({ once: true }))).map(({ what }) => what)).toEqual(['number refused'])
    net.clock.advance({ days: 14 })
    expect(await codeOf(again.registration.settle(NUMBER, id))).toBe('RULE')
    expect((await again.registration.moves(NUMBER))[0]?.state).toBe('objected')
    expect(await codeOf(again.registration.object(NUMBER, id))).toBe('RULE')
    expect(await codeOf(again.registration.object(NUMBER, 'f'.repeat(64)))).toBe('UNKNOWN')
    expect(await codeOf(again.registration.object(NUMBER, 'abc'))).toBe('USAGE')
    await net.close()
  })
})
