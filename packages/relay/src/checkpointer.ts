// The thread that moves SQLite's write-ahead log into the main file.
// Spec: docs/spec/storage.md, "SQLite".
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { STORE_FILE } from './folder-layout.js'
import { logMover } from './log-keeper.js'
import { sqliteCheckpointer } from './store/sqlite.js'

const EVERY_MS = 250
const { dir } = workerData as { readonly dir: string }

const log = await sqliteCheckpointer(join(dir, STORE_FILE))
const timer = setInterval(
  logMover(log, () => performance.now()),
  EVERY_MS,
)

parentPort?.once('message', () => {
  clearInterval(timer)
  log.close()
  parentPort?.close()
})
