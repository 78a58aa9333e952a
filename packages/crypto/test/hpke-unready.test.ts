import { test } from 'vitest'
import { openWith, publicKeyOf, sealTo } from '../src/hpke.js'
import { ready } from '../src/sodium.js'
import { counted, expectCode, filled } from './support.js'

const context = { info: filled(1), aad: filled(2) }

test('before ready() everything with a public key says so', async () => {
  await expectCode('USAGE', () => publicKeyOf(filled(3)))
  await expectCode('USAGE', () => sealTo(filled(3, 1216), context, filled(4), counted()))
  await expectCode('USAGE', () => openWith(filled(3), context, filled(4, 1200)))
  await ready()
  await ready()
  publicKeyOf(filled(3))
})
