// The page of a vendor, as Vite and webpack bundle it: two doctors enrol in the browser, one shares a letter, the other one opens it.
import { memoryVault, Sealchart } from '@sealchart/client-sdk'

const LETTER = 'No stenosis.'

/** The relay behind the vendor's own server: what signs and verifies sees the relay's address. */
async function transport(request) {
  const { pathname, search } = new URL(request.url)
  const { method, headers, signal } = request
  const body = method === 'GET' ? undefined : await request.arrayBuffer()
  return fetch(`/relay${pathname}${search}`, { method, headers, signal, body })
}

async function chartOf(person) {
  const credential = async (request) => {
    const answer = await fetch(`/credential/${person}`, { method: 'POST', body: request })
    return new Uint8Array(await answer.arrayBuffer())
  }
  const network = await (await fetch('/network')).text()
  return Sealchart.open({ network, vault: memoryVault(), transport, credential })
}

async function shareAndOpen() {
  const people = new URL(location.href).searchParams.get('people')
  const chan = await chartOf(`chan-${people}`)
  const lee = await chartOf(`lee-${people}`)
  const data = new TextEncoder().encode(LETTER)
  const record = await chan.records.create({
    ref: 'visit-1',
    title: 'CT',
    sections: { letter: { name: 'letter.txt', data } },
  })
  const recipient = await chan.directory.one({ name: `Dr lee-${people}` })
  await record.share({ with: recipient, sections: ['letter'], reason: 'referral' })
  const opened = await lee.records.open(record.id, { purpose: 'treatment' })
  const [file] = opened.files('letter')
  return new TextDecoder().decode(await file.bytes())
}

shareAndOpen().then(
  (text) => document.body.setAttribute('data-opened', text),
  (error) => document.body.setAttribute('data-failed', `${error.code ?? ''} ${error.stack}`),
)
