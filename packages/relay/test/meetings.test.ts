// Meetings at the relay: three slots at a place, for whoever knows it, for ten minutes. Spec: docs/spec/relay.md, "Meetings".
import { type Digest, encode, limits, meetingAnswer, meetingRequest, paths } from '@sealchart/protocol'
import { describe, expect, it } from 'vitest'
import { createMeetings } from '../src/meetings.js'
import { emptyWorld, fresh, read, refusal } from './actors.js'

const newPlace = (): Digest => fresh(32) as Uint8Array as Digest
const MINUTE = 60_000

async function scene() {
  const world = await emptyWorld()
  const place = newPlace()
  const visit = (put: { slot: number; bytes: Uint8Array } | null, at = place) =>
    world.post(paths.meetings, meetingRequest, { place: at, put })
  const slots = async (at = place) => read(meetingAnswer, await visit(null, at)).slots
  return { world, place, visit, slots }
}

describe('a meeting', () => {
  it('holds what is left there, for both', async () => {
    const { visit, slots } = await scene()
    expect(await slots()).toEqual([null, null, null])
    const [offer, invitation, consent] = [fresh(1400), fresh(2000), fresh(150)]
    expect(read(meetingAnswer, await visit({ slot: 0, bytes: offer })).slots).toEqual([offer, null, null])
    await visit({ slot: 1, bytes: invitation })
    expect(read(meetingAnswer, await visit({ slot: 2, bytes: consent })).slots).toEqual([offer, invitation, consent])
    expect(await slots()).toEqual([offer, invitation, consent])
    expect(await slots(newPlace())).toEqual([null, null, null])
  })

  it('keeps the first of a slot: the same again is no error, another is', async () => {
    const { visit, slots } = await scene()
    const offer = fresh(100)
    await visit({ slot: 0, bytes: offer })
    expect((await visit({ slot: 0, bytes: offer })).status).toBe(200)
    expect(refusal(await visit({ slot: 0, bytes: fresh(100) }))).toMatchObject({ code: 'CONFLICT', status: 409 })
    expect(await slots()).toEqual([offer, null, null])
  })

  it('begins with an offer, and is over ten minutes later', async () => {
    const { world, visit, slots } = await scene()
    expect(refusal(await visit({ slot: 1, bytes: fresh(10) }))).toMatchObject({ code: 'UNKNOWN', status: 404 })
    const offer = fresh(100)
    await visit({ slot: 0, bytes: offer })
    world.now += 9 * MINUTE
    await visit({ slot: 1, bytes: fresh(10) })
    world.now += MINUTE - 1
    expect((await slots())[0]).toEqual(offer)
    world.now += 1
    expect(await slots()).toEqual([null, null, null])
    expect(refusal(await visit({ slot: 2, bytes: fresh(10) })).code).toBe('UNKNOWN')
  })

  it('takes messages up to their limit', async () => {
    const { world, place, visit } = await scene()
    expect((await visit({ slot: 0, bytes: fresh(limits.meeting) })).status).toBe(200)
    const ask = (slot: number, bytes: Uint8Array) =>
      world.send('POST', paths.meetings, { body: encode([place, [slot, bytes]]) })
    expect(refusal(await ask(1, fresh(limits.meeting + 1))).code).toBe('DECODE_SHAPE')
    expect(refusal(await ask(1, fresh(limits.meeting + 100)))).toMatchObject({ code: 'TOO_LARGE', status: 413 })
    expect(refusal(await ask(1, new Uint8Array(0))).code).toBe('DECODE_SHAPE')
    expect(refusal(await ask(3, fresh(10))).code).toBe('DECODE_SHAPE')
  })
})

describe('room for meetings', () => {
  it('is for 4,096, and free again when they are over', () => {
    let now = 0
    const meetings = createMeetings(() => now)
    const offer = (): void => {
      now += 10
      meetings.visit(newPlace(), { slot: 0, bytes: new Uint8Array(1) })
    }
    for (let count = 0; count < 4096; count++) offer()
    expect(offer).toThrow(expect.objectContaining({ code: 'BUSY' }))
    now += 10 * MINUTE - 4095 * 10
    expect(offer).not.toThrow()
  })

  it('is 64 MiB', () => {
    let now = 0
    const meetings = createMeetings(() => now)
    const bytes = new Uint8Array(limits.meeting)
    const put = (place: Digest, slot: number) => () => {
      now += 10
      return meetings.visit(place, { slot, bytes })
    }
    const places = Array.from({ length: 2048 }, newPlace)
    for (const place of places) for (const slot of [0, 1]) put(place, slot)()
    expect(put(places[0] as Digest, 2)).toThrow(expect.objectContaining({ code: 'BUSY' }))
    expect(put(newPlace(), 0)).toThrow(expect.objectContaining({ code: 'BUSY' }))
    // What stands there is answered all the same.
    expect(put(places[0] as Digest, 1)()).toEqual([bytes, bytes, null])
    now += 10 * MINUTE
    expect(put(newPlace(), 0)).not.toThrow()
  })

  it('is asked for 500 times at once, 100 times a second', () => {
    let now = 0
    const meetings = createMeetings(() => now)
    const look = () => meetings.visit(newPlace(), null)
    for (let count = 0; count < 500; count++) look()
    expect(look).toThrow(expect.objectContaining({ code: 'RATE' }))
    now += 1000
    for (let count = 0; count < 100; count++) look()
    expect(look).toThrow(expect.objectContaining({ code: 'RATE' }))
  })
})
