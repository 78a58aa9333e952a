// The error registry and its documentation say the same. Spec: docs/errors.md.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type ErrorCode, errorCodes, ProtocolError, SealchartError } from '../src/errors.js'

const kinds = ['usage', 'malformed', 'unauthentic', 'relay', 'internal']
const actions = ['retry', 'sign-in', 'ask-author', 'fix-call', 'stop']
const page = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8')

/** [code, kind, action, cause, what to do] of each row whose first cell is a code. */
const rows = page
  .split('\n')
  .filter((line) => /^\| `[A-Z]/.test(line))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )

describe('docs/errors.md', () => {
  it('has a row for every code and no other, in the order of the registry', () => {
    expect(rows.map(([code]) => code)).toEqual(Object.keys(errorCodes).map((code) => `\`${code}\``))
  })

  it.each(Object.entries(errorCodes))(
    '%s: same kind and action, with a cause and an advice',
    (code, [kind, action]) => {
      const row = rows.find(([first]) => first === `\`${code}\``) ?? []
      expect(row).toHaveLength(5)
      expect(row.slice(1, 3)).toEqual([kind, action])
      for (const sentence of row.slice(3)) expect(sentence).toMatch(/^[A-Z].{8,}\.$/)
    },
  )

  it('explains every kind and action, and names no other', () => {
    for (const word of [...kinds, ...actions]) expect(page).toContain(`| \`${word}\` |`)
    for (const [kind, action] of Object.values(errorCodes)) {
      expect(kinds).toContain(kind)
      expect(actions).toContain(action)
    }
  })
})

describe('SealchartError', () => {
  it('carries what its code stands for', () => {
    const error = new ProtocolError('CLOCK', 'the clock is wrong', { details: { here: 1, log: 2 } })
    expect(error).toBeInstanceOf(SealchartError)
    expect(error).toBeInstanceOf(Error)
    expect([error.name, error.code, error.kind, error.action]).toEqual(['ProtocolError', 'CLOCK', 'usage', 'retry'])
    expect(error.details).toEqual({ here: 1, log: 2 })
    expect('cause' in error).toBe(false)
  })

  it('keeps its cause, an undefined one too', () => {
    const cause = new Error('underneath')
    expect(new SealchartError('INTERNAL', 'm', { cause }).cause).toBe(cause)
    expect('cause' in new SealchartError('INTERNAL', 'm', { cause: undefined })).toBe(true)
  })

  it('every code makes an error', () => {
    for (const code of Object.keys(errorCodes) as ErrorCode[]) expect(new SealchartError(code, 'm').code).toBe(code)
  })
})
