// The server of a vendor, in CommonJS: it issues credentials behind a log-in (here: the name in the path), serves the pages of the folders
// in its arguments under a strict content security policy, and hands requests on to a relay, here one in memory.
const { basename } = require('node:path')
const { Sealchart, SealchartError } = require('@sealchart/client-sdk')
const { testNetwork } = require('@sealchart/testing')
const express = require('express')

const LETTER = 'No stenosis.'
const bytes = express.raw({ type: () => true, limit: '9mb' })

async function serve(folders) {
  const net = await testNetwork({ clinic: ['chan'], hospital: ['lee'] })
  const app = express()
  app.use((_request, response, next) => {
    response.set('Content-Security-Policy', "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'")
    next()
  })
  app.get('/network', (_request, response) => response.send(net.network))
  app.get('/shared-and-opened', async (_request, response) => response.send(await shareAndOpen(net)))
  app.post('/credential/:person', bytes, async (request, response) => {
    const { person } = request.params
    const credential = net.institutions.clinic.credentialFor({ name: `Dr ${person}` })
    response.send(Buffer.from(await credential(new Uint8Array(request.body))))
  })
  app.use('/relay', bytes, (request, response) => handOn(net, request, response))
  for (const folder of folders) app.use(`/${basename(folder)}`, express.static(`${folder}/dist`))
  const server = app.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
}

async function handOn(net, request, response) {
  const { method, body } = request
  const headers = Object.entries(request.headers).filter(([name]) => /^(content-|signature|accept$)/.test(name))
  const asked = { method, headers, ...(body === undefined ? {} : { body }) }
  const answer = await net.connect.transport(new Request(new URL(request.url, net.relay.url), asked))
  response.status(answer.status).set(Object.fromEntries(answer.headers))
  response.send(Buffer.from(await answer.arrayBuffer()))
}

async function shareAndOpen(net) {
  const chan = net.chart('chan')
  if (!(chan instanceof Sealchart)) throw new Error('two copies of the SDK')
  const sections = { letter: { name: 'letter.txt', data: Buffer.from(LETTER) } }
  const record = await chan.records.create({ ref: 'visit-1', title: 'CT', sections })
  const refused = await net
    .chart('lee')
    .records.open(record.id, { purpose: 'treatment' })
    .then(
      () => null,
      (error) => error,
    )
  if (!(refused instanceof SealchartError)) throw new Error('Lee opened what nobody had shared with her')
  await record.share({ with: net.person('lee'), sections: ['letter'], reason: 'referral' })
  const opened = await net.chart('lee').records.open(record.id, { purpose: 'treatment' })
  return Buffer.from(await opened.files('letter')[0].bytes()).toString()
}

void serve(process.argv.slice(2))
