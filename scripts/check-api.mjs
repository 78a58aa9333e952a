// What each package promises: every public export with its signature, in packages/<name>/api.txt, sorted by name and without comments, so
// that a change of the contract shows in review. `npm run api` writes the reports; without --write they have to be what was built.
// Read from the declarations that are published. Members marked @internal and private ones are no promise, and are left out.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { root } from './run.mjs'
import { packages } from './verify.mjs'

const entries = packages.map((path) => join(root, path, 'dist', 'index.d.ts'))
const program = ts.createProgram(entries, {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2023,
  types: [],
})
const checker = program.getTypeChecker()
const printer = ts.createPrinter({ removeComments: true })

const problems = []
const counts = []
for (const [i, path] of packages.entries()) {
  const exports = exportsOf(program.getSourceFile(entries[i]))
  const values = exports.filter(({ isValue }) => isValue).length
  const summary = `${path.slice('packages/'.length)}: ${values} values, ${exports.length - values} types`
  counts.push(summary)
  if (exports.length === 0) problems.push(`${path} exports nothing`)
  compare(`${path}/api.txt`, `${summary}\n\n${exports.map(({ text }) => text).join('\n\n')}\n`)
}
for (const problem of problems) console.log(problem)
for (const count of counts) console.log(count)
process.exitCode = problems.length === 0 ? 0 : 1

function compare(path, report) {
  const file = join(root, path)
  if (process.argv.includes('--write')) writeFileSync(file, report)
  const committed = existsSync(file) ? readFileSync(file, 'utf8') : ''
  if (committed === report) return
  const before = new Set(committed.split('\n'))
  const line = report.split('\n').find((one) => !before.has(one))
  problems.push(`${path} is not what the package exports${line ? `, for example: ${line.trim()}` : ''}; npm run api`)
}

/** The exports of a module, sorted by name, whatever the language of the machine. */
function exportsOf(source) {
  return checker
    .getExportsOfModule(checker.getSymbolAtLocation(source))
    .map((exported) => {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
      const text = (symbol.declarations ?? []).map((node) => print(node)).join('\n')
      if (text === '') problems.push(`${exported.name}: its declaration is not found`)
      return { name: exported.name, isValue: (symbol.flags & ts.SymbolFlags.Value) !== 0, text }
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

function print(node) {
  const text = printer.printNode(ts.EmitHint.Unspecified, promised(node), node.getSourceFile())
  const declared = ts.isVariableDeclaration(node) ? `const ${text}` : text.replace(/^export (declare )?/, '')
  return declared.replace(/;$/gm, '').replace(/^(?: {4})+/gm, (indent) => indent.slice(indent.length / 2))
}

/** A class without what is marked as internal and without private members; anything else as it is. */
function promised(node) {
  if (!ts.isClassDeclaration(node)) return node
  const members = node.members.filter((member) => !isInternal(member))
  const { factory } = ts
  return factory.updateClassDeclaration(
    node,
    node.modifiers,
    node.name,
    node.typeParameters,
    node.heritageClauses,
    members,
  )
}

function isInternal(member) {
  if (member.name && ts.isPrivateIdentifier(member.name)) return true
  return ts.getJSDocTags(member).some(({ tagName }) => tagName.text === 'internal')
}
