// The kept corpus of the long command: inputs that reached something new, one file each, read as seeds by the next run.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A target's name as part of a file name. */
export const slugOf = (name) =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/-$/, '')

const digestOf = (bytes) => createHash('sha256').update(bytes).digest('hex')

/** The kept inputs of a target in order of name; none without a folder. */
export function seedsFrom(folder, name) {
  const own = folder && join(folder, slugOf(name))
  if (!own || !existsSync(own)) return []
  return readdirSync(own)
    .toSorted()
    .map((file) => new Uint8Array(readFileSync(join(own, file))))
}

/** Writes inputs, and answers the last file's path. `digits`: how many of their hash name them. */
export function keep(folder, prefix, inputs, digits) {
  mkdirSync(folder, { recursive: true })
  let path = ''
  for (const bytes of inputs) {
    path = join(folder, `${prefix}${digestOf(bytes).slice(0, digits)}.bin`)
    writeFileSync(path, bytes)
  }
  return path
}
