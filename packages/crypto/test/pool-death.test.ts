import { expect, test, vi } from 'vitest'
import { startSealing } from '../src/floe.js'
import { startSealPool } from '../src/pool-node.js'
import { codeOf, counted, filled } from './support.js'

vi.mock('node:worker_threads', async (original) => {
  const { Worker } = await original<typeof import('node:worker_threads')>()
  return {
    Worker: class extends Worker {
      constructor() {
        super(new URL('./dying-worker.mjs', import.meta.url))
      }
    },
  }
})

test('a worker that dies takes the pool with it: pending and later work is rejected', async () => {
  const parameters = { segmentLength: 64, rotationBits: 20 }
  const [key, aad] = [filled(1), filled(2)]
  const { header } = startSealing(key, aad, { parameters, random: counted() })
  const pool = startSealPool?.(2)
  const sealing = pool?.seal({ key, aad, header, parameters })
  const codes = await Promise.all(
    [0, 1, 2, 3].map((i) => codeOf(() => sealing?.sealSegment({ bytes: filled(3) }, i, false))),
  )
  expect(codes).toEqual(['INTERNAL', 'INTERNAL', 'INTERNAL', 'INTERNAL'])
  expect(await codeOf(() => sealing?.sealSegment({ bytes: filled(3) }, 4, false))).toBe('INTERNAL')
  expect(await codeOf(() => pool?.open({ key, aad, header, parameters }))).toBe('INTERNAL')
  await pool?.close()
})
