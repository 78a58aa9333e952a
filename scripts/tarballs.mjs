// The packages as npm publishes them.

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from './run.mjs'
import { packages } from './verify.mjs'

const windows = process.platform === 'win32'

/**
 * Packs all packages into `folder`.
 * @returns {Promise<{ name: string, tarball: string, paths: string[] }[]>} the paths are those in the tarball
 */
export async function packAll(folder) {
  const workspaces = packages.flatMap((path) => ['-w', path])
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder, ...workspaces]
  const { stdout } = await promisify(execFile)('npm', args, { cwd: root, shell: windows, maxBuffer: 64 * 1024 * 1024 })
  // A list from npm 10 and 11; newer ones answer an object by name.
  return Object.values(JSON.parse(stdout)).map(({ name, filename, files }) => ({
    name,
    tarball: join(folder, filename),
    paths: files.map(({ path }) => path),
  }))
}
