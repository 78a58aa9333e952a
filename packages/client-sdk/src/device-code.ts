// The code that a new device shows: 20 bytes as 32 characters of Crockford's base32. Spec: docs/spec/devices.md, "The code".
import { ClientError } from './errors.js'

const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const CHARACTERS = 32
const GROUP = 4

/** Without spaces, for a QR code. */
export function codeText(code: Uint8Array): string {
  let text = ''
  let bits = 0
  let left = 0
  for (const byte of code) {
    bits = (bits << 8) | byte
    for (left += 8; left >= 5; left -= 5) text += LETTERS[(bits >> (left - 5)) & 31]
  }
  return text
}

/** In groups of four, for people. */
export const spacedCode = (text: string): string =>
  Array.from({ length: text.length / GROUP }, (_, i) => text.slice(GROUP * i, GROUP * (i + 1))).join(' ')

/** The 20 bytes of a code as somebody typed or scanned it. @throws ClientError USAGE */
export function readCode(typed: string): Uint8Array {
  const text = String(typed).replaceAll(/[\s-]/g, '').toUpperCase().replaceAll(/[IL]/g, '1').replaceAll('O', '0')
  const values = Array.from(text, (letter) => LETTERS.indexOf(letter))
  if (values.length !== CHARACTERS || values.includes(-1))
    throw new ClientError('USAGE', 'a device’s code has 32 letters and digits: type all of it, or scan it')
  const code = new Uint8Array(20)
  let bits = 0
  let left = 0
  let at = 0
  for (const value of values) {
    bits = (bits << 5) | value
    left += 5
    if (left < 8) continue
    left -= 8
    code[at++] = (bits >> left) & 255
  }
  return code
}
