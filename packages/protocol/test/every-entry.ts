// One valid entry of each type that the format has, placed in a world: for tests that go over all of them.
import type { AnyEntry } from '../src/entry.js'
import { limits } from '../src/limits.js'
import { idOf, newDevice, type World } from './actors.js'
import { MemberDevices } from './member-devices.js'
import { Quorums } from './quorums.js'
import { Registrations } from './registrations.js'
import { Teams } from './teams.js'

export async function everyEntry(world: World): Promise<AnyEntry[]> {
  const { network } = world
  const other = await world.addInstitution('Hospital')
  const issuer = { chain: other.chain, device: newDevice('second issuer') }
  await world.place(await world.appoint(other, issuer.device))
  const chan = await world.member('chan')
  const lee = await world.member('lee')
  const renewed = await world.renewed(lee, issuer, { body: { claims: [{ name: 'name', hash: idOf('claim') }] } })
  const registrations = new Registrations(world)
  const number = registrations.number('M01234')
  const bound = await registrations.bound(chan, number)
  const claimant = await registrations.registered(lee, number, other.issuer)
  const proposal = await registrations.propose(number, claimant)
  await world.place(proposal)
  await world.place(await registrations.approve(number, proposal.hash, world.network))
  await world.place(await registrations.approve(number, proposal.hash, world.institution.issuer))
  const objected = await registrations.propose(number, claimant)
  await world.place(objected)
  await world.place(await registrations.object(number, objected.hash, bound))
  world.now += limits.objection
  await world.place(await registrations.settle(number, proposal.hash, claimant, [world.network, world.institution]))
  await world.place(await registrations.rebind(number, claimant, bound))
  const create = await world.create(chan, [1, 2])
  await world.place(create)
  const record = create.chain
  const grant = await world.grant(record, chan, lee, { body: { actions: 15, until: world.now + 1000 } })
  await world.place(grant)
  await world.place(await world.publish(record, chan, [1, 2], { turning: { 0: null, 2: world.now + 1000 } }))
  await world.place(await world.view(record, lee, grant.hash))
  await world.place(await world.access('download', record, lee, grant.hash))
  await world.place(await world.note(record, lee, grant.hash))
  await world.place(await world.revoke(record, chan, [grant.hash]))
  const teams = new Teams(world)
  const wong = await world.member('wong')
  const team = await teams.team(chan, [lee, wong])
  await world.place(await teams.appoint(team, chan, lee))
  await world.place(await teams.dismiss(team, lee, chan))
  const at = world.institution.issuer
  await world.place(await world.withdraw(wong.chain, wong.credential, at))
  await world.place(await teams.stale(team, wong, at, wong.credential))
  await world.place(await teams.refresh(team, lee, [wong]))
  await world.place(await teams.change(team, lee, { removes: [chan] }))
  await world.place(await teams.close(team, lee))
  const devices = new MemberDevices(world, chan.chain)
  const phone = newDevice('phone')
  await world.place(await devices.change(chan.device, { adds: [phone] }))
  await world.place(await devices.names(phone, { private: idOf('names') }))
  await world.place(await devices.refresh(phone))
  await world.place(await devices.change(chan.device, { removes: [phone] }))
  await world.place(await world.withdraw(lee.chain, renewed.credential, issuer))
  await world.place(await world.dismiss(other, issuer, 0))
  const on = { kind: 'network', chain: network.chain, by: network } as const
  await world.place(await world.sign({ ...on, type: 'relay', body: { relay: 'https://other.example' } }))
  await world.place(await world.sign({ ...on, type: 'remove', body: { institution: other.chain } }))
  await new Quorums(world).decided({ quorum: 1 }, [world.institution])
  return world.log.entries.map(({ entry }) => entry)
}
