// Teams at the relay: a roster changes only together with a wrap to exactly those who are in it, under their newest keys.
// Spec: docs/spec/rules.md, "Team", "Wrap lists"; docs/spec/relay.md, "The gate", "Permissions".
import {
  type ChainId,
  type Digest,
  encode,
  facts,
  paths,
  readFact,
  syncAnswer,
  syncRequest,
  verifyInclusion,
  type WrapsRef,
  wrapLeafHash,
  wrapsAnswer,
  wrapsRequest,
} from '@sealchart/protocol'
import { describe, expect, it } from 'vitest'
import { type Draft, foundedWorld, fresh, type Member, read, refusal, type Signer } from './actors.js'
import { Team, withdrawal } from './teams.js'

async function scene() {
  const world = await foundedWorld()
  const [chan, lee, wong, ho] = [
    await world.member('Chan'),
    await world.member('Lee'),
    await world.member('Wong'),
    await world.member('Ho'),
  ]
  const team = new Team(world, chan)
  await world.append([await team.found([lee, wong])])
  const code = async (draft: Draft): Promise<string> => {
    const answer = await world.tryAppend([draft])
    return answer.status === 200 ? 'placed' : refusal(answer).code
  }
  /** Withdraws a credential, and tells `team` where its member sits there. */
  const withdraw = async (member: Member, told = member !== ho): Promise<void> => {
    const withdrawn = await withdrawal(world, member)
    await world.append([withdrawn, ...(told ? [await team.stale(member, withdrawn)] : [])])
  }
  const epoch = async (): Promise<number> => {
    const [stored = null] = await world.store.facts([{ chain: team.id, key: facts.epoch.key }])
    return stored === null ? -1 : readFact(facts.epoch, stored).epoch
  }
  return { world, chan, lee, wong, ho, team, code, withdraw, epoch }
}

describe('a team at the relay', () => {
  it('takes a member in and lets one go, each with the wraps that belong to it', async () => {
    const { world, chan, lee, wong, ho, team, epoch } = await scene()
    await world.append([await team.change({ adds: [ho] }, team.wraps([ho], 0))])
    expect(await epoch()).toBe(0)
    await world.append([await team.change({ removes: [lee] }, team.wraps([chan, wong, ho], 1))])
    expect(await epoch()).toBe(1)
  })

  it('changes nothing with a wrap list that is not the roster’s', async () => {
    const { chan, lee, wong, ho, team, code, epoch } = await scene()
    const removal = async (...to: Parameters<Team['wraps']>) =>
      code(await team.change({ removes: [lee] }, team.wraps(...to)))
    expect(await removal([chan], 1)).toBe('WRAPS')
    expect(await removal([chan, wong, ho], 1)).toBe('WRAPS')
    expect(await removal([chan, wong, lee], 1)).toBe('WRAPS')
    expect(await removal([chan, wong], 0)).toBe('WRAPS')
    expect(await removal([chan, wong], 1, { keyHash: fresh(32) })).toBe('WRAPS')
    expect(await removal([chan, wong], 1, { link: fresh(32) })).toBe('WRAPS')
    expect(await code(await team.change({ adds: [ho] }, team.wraps([chan, lee, wong, ho], 0)))).toBe('WRAPS')
    expect(await epoch()).toBe(0)
    expect(await removal([chan, wong], 1)).toBe('placed')
  })

  it('does not take a list that was staged for another entry, or none', async () => {
    const { chan, wong, lee, team, world } = await scene()
    const draft = await team.change({ removes: [lee] }, team.wraps([chan, wong], 1))
    expect(refusal(await world.tryAppend([{ entry: draft.entry }])).code).toBe('STAGED_MISSING')
    const other = team.wraps([chan, wong], 1).bytes
    expect(refusal(await world.tryAppend([{ entry: draft.entry, attachments: [other] }])).code).toBe('STAGED_MISSING')
  })

  it('wraps to nobody whose credential was withdrawn', async () => {
    const { world, chan, lee, wong, ho, team, code, withdraw } = await scene()
    await withdraw(ho)
    await withdraw(wong)
    expect(await code(await team.change({ adds: [ho] }, team.wraps([ho], 0)))).toBe('STALE_EPOCH')
    expect(await code(await team.change({ removes: [lee] }, team.wraps([chan, wong], 1)))).toBe('STALE_EPOCH')
    const another = new Team(world, chan)
    expect(await code(await another.found([wong]))).toBe('CRED_BINDING')
    expect(await code(await team.change({ removes: [lee, wong] }, team.wraps([chan], 1)))).toBe('placed')
  })

  it('looks again at those who changed between gate and turn', async () => {
    const { world, ho, team } = await scene()
    const drafts = [await withdrawal(world, ho), await team.change({ adds: [ho] }, team.wraps([ho], 0))]
    const [withdrawn, added] = await Promise.all(drafts.map((draft) => world.tryAppend([draft])))
    expect(withdrawn?.status).toBe(200)
    expect(added && refusal(added).code).toBe('WRAPS')
  })

  it('wraps to nobody whom only an offer vouches for', async () => {
    const { world, lee, wong, team, code, withdraw } = await scene()
    await withdraw(wong)
    const body = {
      institution: world.institution.chain,
      claims: [],
      registration: null,
      notBefore: world.now,
      until: world.now + 1000,
    }
    const rests = [world.institution.chain, world.network.chain]
    const { chain } = wong
    const offer = await world.sign(world.institution, { kind: 'member', chain, type: 'credential', body, rests })
    await world.append([{ entry: offer }])
    const removal = await team.change({ removes: [lee] }, team.wraps([team.admin, wong], 1))
    expect(await code(removal)).toBe('STALE_EPOCH')
  })

  it('comes with others as long as their wrap lists have no more rows together than one may have', async () => {
    const { world, chan, lee } = await scene()
    const founding = async (count: number): Promise<Draft> => {
      const team = new Team(world, chan)
      const { bytes, ref } = team.wraps([chan, lee], 0)
      return team.found([lee], { bytes, ref: { ...ref, attached: { ...ref.attached, count } } })
    }
    const refused = await world.tryAppend([await founding(10_000), await founding(2)])
    expect(refusal(refused).code).toBe('LIMIT')
    // As many as one may have: what is wrong is the count.
    expect(refusal(await world.tryAppend([await founding(9_999), await founding(2)])).code).toBe('WRAPS')
  })

  it('is placed by one of two admins at once, and the other sees what she missed', async () => {
    const { world, chan, lee, wong, ho, team } = await scene()
    const first = await team.change({ adds: [ho] }, team.wraps([ho], 0))
    const second = await team.change({ removes: [lee] }, team.wraps([chan, wong], 1))
    await world.append([first])
    const { code, missed } = refusal(await world.tryAppend([second]))
    expect(code).toBe('CONFLICT')
    expect(missed?.entries.length).toBeGreaterThan(0)
  })

  it('is seen by every listed device, and by nobody else', async () => {
    const { world, ho, team } = await scene()
    const ask = { seen: 0, want: [{ chain: team.id, after: 0 }], have: [] }
    const entriesFor = async (as?: Member): Promise<boolean> => {
      const { proven } = read(syncAnswer, await world.post(paths.sync, syncRequest, ask, as))
      const ledger = world.ledger()
      await ledger.take(proven)
      return ledger.head(team.id) !== null
    }
    expect(await entriesFor(ho)).toBe(true)
    expect(await entriesFor()).toBe(false)
  })
})

describe('rows of a group’s wrap lists', () => {
  const listOf = ({ entry }: Draft): WrapsRef => {
    if (!('wraps' in entry.body) || entry.body.wraps === null) throw new Error('no wrap list')
    return entry.body.wraps
  }
  const asked = (chain: ChainId, draft: Draft) => ({ chain, wraps: listOf(draft).attached.digest })

  async function rowScene() {
    const found = await scene()
    const { world, team, lee, ho } = found
    const { member: ng, drafts } = await world.enrol('Ng')
    await world.append(drafts)
    const added = await team.change({ adds: [ho] }, team.wraps([ho], 0))
    await world.append([added])
    const removed = await team.change({ removes: [lee] }, team.wraps([found.chan, found.wong, ho], 1))
    const rows = async (as: Signer, ...wanted: ReturnType<typeof asked>[]) =>
      read(wrapsAnswer, await world.post(paths.wraps, wrapsRequest, { wanted }, as)).rows
    return { ...found, ng, founding: drafts[0] as Draft, added, removed, rows }
  }

  it('are handed to their recipient, with the path to the signed root', async () => {
    const { world, team, ho, wong, ng, founding, added, removed, rows } = await rowScene()
    await world.append([removed])
    const [first, second, third] = await rows(ho, asked(team.id, added), asked(team.id, removed), {
      chain: team.id,
      wraps: fresh(32) as Uint8Array as Digest,
    })
    for (const [row, draft] of [
      [first, added],
      [second, removed],
    ] as const) {
      const { attached, root } = listOf(draft)
      if (!row) throw new Error('no row')
      expect(row.leaf.recipient).toEqual(ho.chain)
      const leaf = { index: row.position, hash: wrapLeafHash(row.leaf) }
      expect(() => verifyInclusion(leaf, { size: attached.count, root }, row.path)).not.toThrow()
    }
    expect(third).toBe(null)
    expect(await rows(wong, asked(team.id, added))).toEqual([null])
    const [own] = await rows(ng, asked(ng.chain, founding))
    expect(own?.leaf.recipient).toEqual(ng.device.id)
  })

  it('are nobody else’s, and not handed out for another chain or before their entry is placed', async () => {
    const { world, team, chan, ho, ng, founding, added, removed, rows } = await rowScene()
    expect(await rows(ho, asked(team.id, removed))).toEqual([null])
    expect(await rows(ho, asked(ho.chain, added), asked(ng.chain, founding))).toEqual([null, null])
    expect(await rows(world.institution, asked(team.id, added), asked(ng.chain, founding))).toEqual([null, null])
    const record = await world.create(chan)
    await world.append([record.draft])
    expect(await rows(chan, asked(record.record.id, record.draft), asked(team.id, record.draft))).toEqual([null, null])
    const staged = removed.attachments?.[0] as Uint8Array
    expect((await world.send('POST', paths.attachments, { body: staged, as: chan })).status).toBe(200)
    expect(await rows(chan, asked(team.id, removed))).toEqual([null])
  })

  it('end with the seat and with the credential', async () => {
    const { world, team, lee, ho, added, removed, rows, withdraw } = await rowScene()
    const [epoch] = await world.store.facts([{ chain: team.id, key: facts.epoch.key }])
    const first = { chain: team.id, wraps: readFact(facts.epoch, epoch as Uint8Array).wraps }
    expect((await rows(lee, first))[0]?.leaf.recipient).toEqual(lee.chain)
    await world.append([removed])
    expect(await rows(lee, first)).toEqual([null])
    expect((await rows(ho, asked(team.id, added)))[0]).not.toBe(null)
    await withdraw(ho, true)
    expect(await rows(ho, asked(team.id, added))).toEqual([null])
  })

  it('are asked for up to 100 at a time', async () => {
    const { world, team, ho, added } = await rowScene()
    const { chain, wraps } = asked(team.id, added)
    const ask = (count: number) =>
      world.send('POST', paths.wraps, { body: encode([Array(count).fill([chain, wraps])]), as: ho })
    expect(read(wrapsAnswer, await ask(100)).rows).toHaveLength(100)
    expect(refusal(await ask(101)).code).toBe('DECODE_SHAPE')
    expect(refusal(await ask(0)).code).toBe('DECODE_SHAPE')
  })
})
