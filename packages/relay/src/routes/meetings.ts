// POST meetings. Spec: docs/spec/relay.md, "Meetings". Nobody signs: a new device is on no chain, and an older one need not say who it is.
import { limits, meetingAnswer, meetingRequest, paths } from '@sealchart/protocol'
import { readBody } from '../bodies.js'
import { answer, decodeBody } from '../http.js'
import type { Route } from './route.js'

/** A message, its place, and what CBOR adds. */
const MOST = limits.meeting + 64

export const meetingsRoute: Route = {
  method: 'POST',
  path: paths.meetings,
  asker: 'everybody',
  async handle(c, { intakes, meetings }) {
    const { place, put } = decodeBody(meetingRequest, await readBody(c, MOST, intakes.strangers))
    return answer(meetingAnswer, { slots: meetings.visit(place, put) })
  },
}
