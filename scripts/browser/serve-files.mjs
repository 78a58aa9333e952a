// A plugin of the server that serves the browser tests: it hands out files and folders of this repository, and nothing
// else.
import { readdirSync, readFileSync, realpathSync } from 'node:fs'
import { join, sep } from 'node:path'
import { root } from '../run.mjs'
import { FILES } from './files.mjs'

export const serveFiles = {
  name: 'files-of-the-repository',
  configureServer({ middlewares }) {
    middlewares.use(FILES, (request, response) => {
      const { searchParams } = new URL(request.url, 'http://localhost')
      try {
        const path = realpathSync(join(root, searchParams.get('path')))
        if (!`${path}${sep}`.startsWith(realpathSync(root) + sep)) throw new Error('outside the repository')
        response.end(searchParams.get('kind') === 'folder' ? JSON.stringify(entriesOf(path)) : readFileSync(path))
      } catch {
        response.writeHead(404).end()
      }
    })
  },
}

const entriesOf = (path) =>
  readdirSync(path, { withFileTypes: true }).map((entry) => ({ name: entry.name, folder: entry.isDirectory() }))
