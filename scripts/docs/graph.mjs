// The import graph as docs/architecture.md shows it: packages and what they import from outside, drawn from the imports themselves.
// Tests are left out, and imports of types alone, which are gone once compiled.

import { run } from '../run.mjs'

/** @returns {Promise<string>} a Mermaid flow chart in a fenced block, with the newline at its end */
export async function drawGraph(packages) {
  const folders = packages.map((path) => `${path}/src`)
  const { ok, output } = await run('depcruise', ['--output-type', 'json', ...folders], { quiet: true })
  if (!ok) throw new Error(`dependency-cruiser failed\n${output}`)
  const edges = edgesOf(JSON.parse(output).modules)
  const internal = new Set(packages.map((path) => path.split('/')[1]))
  const outside = new Set([...edges.values()].map(({ to }) => to).filter((name) => !internal.has(name)))
  return [
    '```mermaid',
    'flowchart LR',
    ...sorted(internal).map((name) => `  ${idOf(name)}["${name}"]`),
    ...sorted(outside).map((name) => `  ${idOf(name)}(["${name}"])`),
    ...sorted(edges.keys()).map((key) => drawEdge(edges.get(key))),
    '```',
    '',
  ].join('\n')
}

/** Edges between packages, each with the files it goes out from. */
function edgesOf(modules) {
  const edges = new Map()
  for (const { source, dependencies } of modules) {
    const [, from, file] = /^packages\/([^/]+)\/src\/(.*)\.ts$/.exec(source) ?? []
    if (!from) continue
    for (const { resolved, dependencyTypes } of dependencies) {
      const to = targetOf(resolved)
      if (!to || to === from || dependencyTypes.includes('type-only')) continue
      const edge = edges.get(`${from} ${to}`) ?? {
        from,
        to,
        files: new Set(),
        outside: !resolved.startsWith('packages/'),
      }
      edge.files.add(file)
      edges.set(`${from} ${to}`, edge)
    }
  }
  return edges
}

const targetOf = (resolved) =>
  /^packages\/([^/]+)\//.exec(resolved)?.[1] ?? /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(resolved)?.[1]

/** A door of one file carries that file's name. */
function drawEdge({ from, to, files, outside }) {
  const [file, ...others] = files
  const label = outside && others.length === 0 ? `|${file}|` : ''
  return `  ${idOf(from)} ${outside ? '-.->' : '-->'}${label} ${idOf(to)}`
}

/** @param {Iterable<string>} names */
const sorted = (names) => [...names].sort((a, b) => (a < b ? -1 : 1))

const idOf = (name) => name.replace(/[^a-z0-9]/gi, '_')
