// What both object stores refuse in the same words. Spec: docs/spec/storage.md, "Files".
import { RelayError } from '../errors.js'

/** The error for a row that names bytes which are not there. */
export const missingBytes = (cause?: unknown): RelayError =>
  new RelayError('INTERNAL', 'stored bytes are missing', cause === undefined ? {} : { cause })

/** @throws RelayError INTERNAL for a range that does not lie in `length` bytes: callers check what comes from outside. */
export function checkRange({ from, to }: { readonly from: number; readonly to: number }, length: number): void {
  const isRange = Number.isSafeInteger(from) && Number.isSafeInteger(to) && from >= 0 && from <= to && to <= length
  if (!isRange) throw new RelayError('INTERNAL', 'range lies outside the stored bytes')
}
