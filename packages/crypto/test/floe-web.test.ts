import { expect, test, vi } from 'vitest'
import { cipher } from '#cipher'
import { cipher as web } from '../src/cipher-web.js'
import { floeSuite } from './floe-suite.js'

vi.mock('#cipher', () => import('../src/cipher-web.js'))

test('these are the tests of the WebCrypto cipher', () => expect(cipher).toBe(web))

floeSuite()
