// The vector files of a folder.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const NO_AREA = ['generators', 'operations', 'reader']

/** The areas of a folder of vectors. */
export const areasIn = (folder) =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !NO_AREA.includes(entry.name))
    .map(({ name }) => name)

/** All vectors of a folder, each with its path in it, `<area>/<name>.json`. @throws Error where there are none: nothing would be checked. */
export function vectorsIn(folder) {
  const paths = areasIn(folder).flatMap((area) => readdirSync(join(folder, area)).map((name) => `${area}/${name}`))
  if (paths.length === 0) throw new Error('there are no vectors: nothing would be checked')
  return paths.map((path) => ({ path, vector: JSON.parse(readFileSync(join(folder, path), 'utf8')) }))
}
