import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { memoryStore } from '../src/store/memory.js'
import { sqliteStore } from '../src/store/sqlite.js'
import { storeSuite } from './store-suite.js'

const root = await mkdtemp(join(tmpdir(), 'sealchart-store-'))
afterAll(() => rm(root, { recursive: true }))

storeSuite('memory', async () => memoryStore())
storeSuite('SQLite', async () => sqliteStore(join(await mkdtemp(join(root, 'dir-')), 'store.db')))
