// Very many people at once: more than one request asks for.
import type { Person } from '@sealchart/client-sdk'
import { describe, expect, test } from 'vitest'
import { testNetwork } from '../../src/index.js'

describe('many people', () => {
  test('whoever shares with more people than one request asks for is told of the one who has no credential', async () => {
    const net = await testNetwork({ kec: ['chan'], hospital: ['lee'] })
    const record = await net.chart('chan').records.create({
      ref: 'r',
      title: 'Board',
      sections: { summary: { name: 'letter.txt', data: new Uint8Array(10) } },
    })
    const lee = net.person('lee')
    const strangers = Array.from({ length: 1001 }, (): Person => {
      const id = crypto.getRandomValues(new Uint8Array(32)) as Uint8Array as Person['id']
      return { ...lee, id }
    })
    const sharing = record.share({ with: strangers, sections: ['summary'], reason: 'board' })
    await expect(sharing).rejects.toMatchObject({ code: 'KEY_UNVERIFIED' })
    await net.close()
  })
})
