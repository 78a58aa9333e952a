// The object store in memory, for tests, simulation and the testing package. Spec: docs/spec/storage.md, "Files".
// Names count up: nobody guesses a name here, because a name alone opens nothing (see contract.ts). No Node module is imported.
import { concat } from '@sealchart/protocol'
import type { Segments } from './contract.js'
import { checkRange, missingBytes } from './range.js'

/** An object store that begins empty and ends with the object. */
export function memorySegments(): Segments {
  const files = new Map<string, Uint8Array>()
  let written = 0
  return {
    async write(parts) {
      const name = (written++).toString(16).padStart(32, '0')
      files.set(name, concat(...parts))
      return name
    },
    async read({ file, offset, length }, range = { from: 0, to: length }) {
      const bytes = files.get(file)
      if (bytes === undefined || offset + length > bytes.length) throw missingBytes()
      checkRange(range, length)
      return bytes.slice(offset + range.from, offset + range.to) as Uint8Array<ArrayBuffer>
    },
    async remove(names) {
      for (const name of names) files.delete(name)
    },
    async *list() {
      yield* files.keys()
    },
    close: async () => {},
  }
}
