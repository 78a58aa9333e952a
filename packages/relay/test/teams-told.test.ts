// What teams are told when a member loses a credential, how many teams she sits in, and who may ask. Spec: docs/spec/relay.md, "Teams".
import { type ChainId, facts, hex, limits, paths, readFact, teamsAnswer, teamsRequest } from '@sealchart/protocol'
import { describe, expect, it } from 'vitest'
import { type Draft, fresh, type Member, newDevice, read, refusal, type Signer, type World } from './actors.js'
import { deviceDraft, heldWorld, outcome, Team, turnedKey, withdrawal } from './teams.js'

async function scene() {
  const { world, during } = await heldWorld()
  const [chan, lee, wong] = [await world.member('Chan'), await world.member('Lee'), await world.member('Wong')]
  const team = new Team(world, chan)
  await world.append([await team.found([lee])])
  const teams = async (of: Member, as: Signer = of): Promise<readonly string[]> =>
    read(teamsAnswer, await world.post(paths.teams, teamsRequest, { member: of.chain }, as)).teams.map(hex)
  return { world, during, chan, lee, wong, team, teams }
}

/** Whether a credential is accepted and not withdrawn. */
async function stands(world: World, { chain, credential }: Member): Promise<boolean> {
  const [stored] = await world.store.facts([{ chain, key: facts.credential(credential).key }])
  return readFact(facts.credential(credential), stored as Uint8Array).state === 'accepted'
}

/** A further credential of a member, offered and accepted. */
async function renewed(world: World, member: Member): Promise<Member> {
  const { institution, network } = world
  const { chain } = member
  const until = world.now + 300 * 86_400_000
  const body = { institution: institution.chain, claims: [], registration: null, notBefore: world.now - 1000, until }
  const rests = [institution.chain, network.chain]
  const credential = await world.sign(institution, { kind: 'member', chain, type: 'credential', body, rests })
  await world.append([{ entry: credential }])
  const accepted = { credential: credential.hash }
  await world.append([{ entry: await world.sign(member, { kind: 'member', chain, type: 'accept', body: accepted }) }])
  return { ...member, credential: credential.hash }
}

describe('a withdrawal', () => {
  it('tells the teams in the same list, or is not placed', async () => {
    const { world, lee, team } = await scene()
    const withdrawn = await withdrawal(world, lee)
    expect(await outcome(world, [withdrawn])).toBe('CONFLICT')
    expect(await stands(world, lee)).toBe(true)
    expect(await outcome(world, [withdrawn, await team.stale(lee, withdrawn)])).toBe('placed')
    expect(await stands(world, lee)).toBe(false)
  })

  it('tells each of them', async () => {
    const { world, chan, lee, team } = await scene()
    const other = new Team(world, chan)
    await world.append([await other.found([lee])])
    const withdrawn = await withdrawal(world, lee)
    expect(await outcome(world, [withdrawn, await team.stale(lee, withdrawn)])).toBe('CONFLICT')
    const told = [await team.stale(lee, withdrawn), await other.stale(lee, withdrawn)]
    expect(await outcome(world, [withdrawn, ...told])).toBe('placed')
  })

  it('tells nobody as long as another credential of the institution is left', async () => {
    const { world, lee, team } = await scene()
    const again = await renewed(world, lee)
    await world.append([await withdrawal(world, lee)])
    const last = await withdrawal(world, again)
    expect(await outcome(world, [last])).toBe('CONFLICT')
    expect(await outcome(world, [last, await team.stale(again, last)])).toBe('placed')
  })

  it.each<[string, (s: Awaited<ReturnType<typeof scene>>) => Promise<Draft[]>]>([
    ['closed', async ({ team }) => [await team.close()]],
    [
      'not hers any more',
      async ({ team, chan, lee }) => [await team.change({ removes: [lee] }, team.wraps([chan], 1))],
    ],
  ])('tells no team that is %s', async (_, end) => {
    const s = await scene()
    await s.world.append(await end(s))
    expect(await outcome(s.world, [await withdrawal(s.world, s.lee)])).toBe('placed')
  })

  it('tells no team whose time is over', async () => {
    const { world, chan, wong } = await scene()
    const until = world.now + 1000
    const team = new Team(world, chan)
    await world.append([await team.found([wong], team.wraps([chan, wong], 0), { until })])
    world.now = until - 1
    const withdrawn = await withdrawal(world, wong)
    expect(await outcome(world, [withdrawn])).toBe('CONFLICT')
    world.now = until
    expect(await outcome(world, [withdrawn])).toBe('placed')
  })

  it('meets a team that took her in meanwhile: it is told when the list is tried again', async () => {
    const { world, during, wong, team } = await scene()
    const withdrawn = await withdrawal(world, wong)
    const added = await team.change({ adds: [wong] }, team.wraps([wong], 0))
    expect(await during([added], [withdrawn])).toEqual(['placed', 'CONFLICT'])
    world.took(added.entry)
    expect(await outcome(world, [withdrawn, await team.stale(wong, withdrawn)])).toBe('placed')
    expect(await stands(world, wong)).toBe(false)
  })

  it('comes first: then nobody takes her in', async () => {
    const { world, during, wong, team } = await scene()
    const withdrawn = await withdrawal(world, wong)
    const added = await team.change({ adds: [wong] }, team.wraps([wong], 0))
    expect(await during([withdrawn], [added])).toEqual(['placed', 'WRAPS'])
  })
})

describe('a member’s own word', () => {
  it('counts once she has turned her key', async () => {
    const { world, lee, team } = await scene()
    expect(await outcome(world, [await team.report(lee)])).toBe('RULE')
    const { draft } = await turnedKey(world, lee)
    await world.append([draft])
    expect(await outcome(world, [await team.report(lee)])).toBe('placed')
  })
})

describe('a device that goes', () => {
  it('is told to each of its member’s teams in the same list, or stays', async () => {
    const { world, chan, lee, team } = await scene()
    const other = new Team(world, chan)
    await world.append([await other.found([lee])])
    const phone = await newDevice()
    expect(await outcome(world, [await deviceDraft(world, lee, phone)])).toBe('placed')
    const removal = await deviceDraft(world, lee, phone, true)
    expect(await outcome(world, [removal])).toBe('CONFLICT')
    const [one, two] = [await team.report(lee, [removal]), await other.report(lee, [removal])]
    expect(await outcome(world, [removal, one])).toBe('CONFLICT')
    expect(await outcome(world, [removal, one, two])).toBe('placed')
  })

  it('is not told to a team that waits for a new key anyway', async () => {
    const { world, chan, lee, wong, team } = await scene()
    await world.append([await team.change({ adds: [wong] }, team.wraps([wong], 0))])
    const withdrawn = await withdrawal(world, wong)
    await world.append([withdrawn, await team.stale(wong, withdrawn)])
    const phone = await newDevice()
    await world.append([await deviceDraft(world, lee, phone)])
    expect(await outcome(world, [await deviceDraft(world, lee, phone, true)])).toBe('placed')
    expect(await outcome(world, [await team.refresh(chan, { members: [chan, lee], leaves: [wong] })])).toBe('WRAPS')
  })
})

describe('a member’s teams', () => {
  it('are for herself and for institutions that gave her a credential', async () => {
    const { world, lee, wong, team, teams } = await scene()
    expect(await teams(lee)).toEqual([hex(team.id)])
    expect(await teams(lee, world.institution)).toEqual([hex(team.id)])
    expect(await teams(wong)).toEqual([])
    const first = world.institution
    await world.append(await world.foundInstitution())
    const strange = { member: fresh(32) as Uint8Array as ChainId }
    for (const [ask, as] of [
      [{ member: lee.chain }, wong],
      [{ member: lee.chain }, world.institution],
      [{ member: lee.chain }, world.network],
      [strange, first],
      [strange, lee],
    ] as const) {
      const answer = await world.post(paths.teams, teamsRequest, ask, as)
      expect(refusal(answer)).toMatchObject({ status: 404, code: 'UNKNOWN' })
    }
    // An offer that she has not taken gives no right to ask.
    const { institution } = world
    const time = { notBefore: world.now, until: world.now + 1000 }
    const body = { institution: institution.chain, claims: [], registration: null, ...time }
    const rests = [institution.chain, world.network.chain]
    const offer = { kind: 'member', chain: lee.chain, type: 'credential', rests, body } as const
    await world.append([{ entry: await world.sign(institution, offer) }])
    const refused = await world.post(paths.teams, teamsRequest, { member: lee.chain }, world.institution)
    expect(refusal(refused).code).toBe('UNKNOWN')
  })

  it('are the open ones in which she sits and is not out', async () => {
    const { world, chan, lee, wong, team, teams } = await scene()
    const until = world.now + 1000
    const others = [new Team(world, chan), new Team(world, chan), new Team(world, chan)]
    const [closing, ending, leaving] = others as [Team, Team, Team]
    await world.append([await closing.found([lee, wong])])
    await world.append([await ending.found([lee, wong], ending.wraps([chan, lee, wong], 0), { until })])
    await world.append([await leaving.found([lee, wong])])
    const all = [team, closing, ending, leaving].map(({ id }) => hex(id)).sort()
    expect([...(await teams(lee))].sort()).toEqual(all)
    await world.append([await closing.close()])
    world.now = until
    await world.append([await leaving.change({ removes: [lee] }, leaving.wraps([chan, wong], 1))])
    expect(await teams(lee)).toEqual([hex(team.id)])
    expect(await teams(wong)).toEqual([hex(leaving.id)])
    const withdrawn = await withdrawal(world, lee)
    await world.append([withdrawn, await team.stale(lee, withdrawn)])
    expect(await teams(lee, world.institution)).toEqual([])
    await world.append([await team.refresh(chan, { members: [chan], leaves: [lee] })])
    expect(await teams(chan)).toEqual([team, leaving].map(({ id }) => hex(id)).sort())
  })

  describe('are 200 at most', { timeout: 60_000 }, () => {
    /** Lee sits in `count` teams beside the first. */
    const seated = async (count: number) => {
      const s = await scene()
      const founded: Draft[] = []
      for (let i = 0; i < count; i++) founded.push(await new Team(s.world, s.chan).found([s.lee]))
      return { ...s, founded, one: () => new Team(s.world, s.wong).found([s.lee]) }
    }

    it('counted when she is added', async () => {
      const { world, founded, one } = await seated(limits.teamsEach - 2)
      await world.append(founded)
      expect(await outcome(world, [await one()])).toBe('placed')
      expect(await outcome(world, [await one()])).toBe('LIMIT')
    })

    it('counted within a list', async () => {
      const { world, founded, one } = await seated(limits.teamsEach - 2)
      expect(await outcome(world, [...founded, await one(), await one()])).toBe('LIMIT')
      expect(await outcome(world, [...founded, await one()])).toBe('placed')
    })

    it('counted where two take her in at once', async () => {
      const { world, during, founded, one } = await seated(limits.teamsEach - 2)
      await world.append(founded)
      expect(await during([await one()], [await one()])).toEqual(['placed', 'LIMIT'])
    })

    it('and a team that is over makes room', async () => {
      const { world, founded, one, team } = await seated(limits.teamsEach - 1)
      await world.append(founded)
      const more = await one()
      expect(await outcome(world, [more])).toBe('LIMIT')
      await world.append([await team.close()])
      expect(await outcome(world, [more])).toBe('placed')
    })
  })
})
