// A vendor's own code, and how it is tested without a server: examples/test/vendor-test.test.ts.
// `referrals` is what clinic software might put between its screens and the SDK.
import { type ChartRecord, type Sealchart, SealchartError } from '@sealchart/client-sdk'

/** A visit as the clinic's software has it. */
export interface Visit {
  readonly uuid: string
  readonly title: string
  readonly letter: { readonly name: string; readonly data: Uint8Array }
}

/** What a screen shows after somebody has pressed a button. */
export type Outcome = { readonly done: true } | { readonly done: false; readonly message: string }

const messages = {
  retry: 'The relay cannot be reached. Your letter is kept; try again.',
  'sign-in': 'Please log in again.',
  'ask-author': 'You may not open this. Ask whoever shared it.',
  'fix-call': 'This should not have happened. Please tell us.',
  stop: 'This record is not available.',
} as const

export function referrals(chart: Sealchart) {
  return {
    /** Sends a visit's letter to the doctor with this registration; pressing the button twice sends it once. */
    send: (visit: Visit, registration: string): Promise<Outcome> =>
      attempt(async () => {
        const to = await chart.directory.one({ registration })
        const { uuid: ref, title, letter } = visit
        const record = await chart.records.create({ ref, title, sections: { letter } })
        const access = await record.explainAccess(to)
        if (!access.allowed) await record.share({ with: to, sections: ['letter'], reason: 'referral' })
      }),
    /** Shows a letter that somebody sent. */
    show: (id: string, show: (text: string) => void): Promise<Outcome> =>
      attempt(async () => show(await textOf(await chart.records.open(id, { purpose: 'treatment' })))),
  }
}

async function textOf(record: ChartRecord): Promise<string> {
  const texts = await Promise.all(record.files('letter').map((file) => file.bytes()))
  return texts.map((bytes) => new TextDecoder().decode(bytes)).join('\n')
}

async function attempt(act: () => Promise<void>): Promise<Outcome> {
  try {
    await act()
    return { done: true }
  } catch (error) {
    if (error instanceof SealchartError) return { done: false, message: messages[error.action] }
    throw error
  }
}
