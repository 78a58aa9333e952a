// The plain peer of transfer.mjs: a server that does with bodies only what no store can leave out. POST /<name> hashes the body with
// SHA-256, writes it to a file of its own and syncs that file before it answers; GET /<name> reads the file and sends it.
// No names by content, no tickets, no rows, no folder synced. Prints its port; DELETE / removes all files.
import { createHash } from 'node:crypto'
import { mkdir, open, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'

const [folder] = process.argv.slice(2)
await mkdir(folder, { recursive: true })

async function put(path, request) {
  const hash = createHash('sha256')
  const chunks = []
  for await (const chunk of request) {
    hash.update(chunk)
    chunks.push(chunk)
  }
  const file = await open(path, 'w')
  await file.writev(chunks)
  await file.datasync()
  await file.close()
  return hash.digest('hex')
}

async function answer(request) {
  const path = join(folder, request.url.slice(1))
  if (request.method === 'POST') return put(path, request)
  if (request.method === 'GET') return readFile(path)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder)
  return ''
}

const server = createServer((request, response) => {
  answer(request).then(
    (body) => response.end(body),
    () => response.writeHead(500).end(),
  )
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
