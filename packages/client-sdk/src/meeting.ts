// The meeting of a new device and an older one at the relay, which is told a place and is left sealed messages. Spec: docs/spec/devices.md.
import { type Meeting, meetingPlace } from '@sealchart/crypto'
import { ClientError } from './errors.js'
import type { Link } from './link.js'

/** The slot of each message. */
const slots = { offer: 0, invitation: 1, consent: 2 } as const
type Message = keyof typeof slots

/** ms between two looks, and how many looks: five minutes in all. */
const PAUSE = 1500
const LOOKS = 200

type Sealed = Uint8Array | null

/** What lies at a meeting: offer, invitation, consent. */
export const look = async (link: Link, meeting: Meeting, signal: AbortSignal | undefined): Promise<readonly Sealed[]> =>
  (await link.meeting({ place: meetingPlace(meeting), put: null }, signal)).slots

/** Leaves a message. @throws RelayRefusal CONFLICT where another one lies in its slot. */
export async function putInto(
  link: Link,
  meeting: Meeting,
  message: Message,
  { bytes, signal }: { readonly bytes: Uint8Array; readonly signal: AbortSignal | undefined },
): Promise<void> {
  await link.meeting({ place: meetingPlace(meeting), put: { slot: slots[message], bytes } }, signal)
}

/** Looks again and again until a message lies there. @throws ClientError RELAY after five minutes, ABORTED */
export async function waitFor(
  link: Link,
  meeting: Meeting,
  message: Message,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  return patiently(link, signal, async () => (await look(link, meeting, signal))[slots[message]] ?? null)
}

/** Asks until there is an answer, with pauses. @throws ClientError RELAY after five minutes, ABORTED */
export async function patiently<T>(
  link: Link,
  signal: AbortSignal | undefined,
  ask: () => Promise<T | null>,
): Promise<T> {
  for (let looks = 0; looks < LOOKS; looks++) {
    const found = await ask()
    if (found !== null) return found
    await link.wait(PAUSE, signal)
    // A wait that a test makes none of must still let others run.
    await new Promise((resolve) => setTimeout(resolve, 0))
  }
  throw new ClientError('RELAY', 'the other device has not gone on: begin again with another code')
}
