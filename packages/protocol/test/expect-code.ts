// Asserts the error code, and not only that something was thrown.
import { expect } from 'vitest'
import type { ErrorCode } from '../src/errors.js'
import { codeOf } from './support.js'

export const expectCode = (code: ErrorCode, action: () => unknown, what = ''): void =>
  expect(codeOf(action), what).toBe(code)
