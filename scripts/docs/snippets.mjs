// Type-checks the TypeScript blocks of the documents against the built packages, each as a module of its own.
// What a fragment takes for granted (a chart, a record, a file picker) is declared in docs/snippets.d.ts. That file is checked as if it
// were no declaration file: in one, a type that is gone would become `any`, and every block would pass.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { root } from '../run.mjs'

const options = {
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts', 'lib.dom.asynciterable.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  // The preamble declares globals, so it must not become a module by the package.json above it.
  moduleDetection: ts.ModuleDetectionKind.Legacy,
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: true,
  noEmit: true,
}

/** Blocks in these languages would be examples that nobody compiles. */
const SKIPPED = ['typescript', 'tsx', 'mts', 'cts', 'js', 'jsx', 'javascript', 'mjs', 'cjs']

/**
 * @param {import('./markdown.mjs').Document[]} documents
 * @returns {{ count: number, problems: string[] }}
 */
export function checkSnippets(documents) {
  const path = 'docs/snippets.d.ts'
  const preamble = { path, line: 1, text: readFileSync(join(root, path), 'utf8') }
  const snippets = new Map([[join(root, 'docs', 'snippets.ts'), preamble]])
  for (const { path, blocks } of documents) {
    for (const block of blocks.filter(({ language }) => language === 'ts')) {
      // In docs/, from where the packages are found as they are by whoever installed them.
      snippets.set(join(root, 'docs', `snippet-${snippets.size}.ts`), { path, ...block })
    }
  }
  const uncompiled = documents.flatMap(({ path, blocks }) =>
    blocks
      .filter(({ language }) => SKIPPED.includes(language))
      .map(({ line }) => `${path}:${line}: write ts, which is compiled`),
  )
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile, getSourceFile } = host
  // `export {}` on a line of its own, so that positions stay those of the block.
  const textOf = (file) => {
    const snippet = snippets.get(file)
    return snippet && (snippet === preamble ? snippet.text : `${snippet.text}\nexport {}\n`)
  }
  host.fileExists = (file) => snippets.has(file) || fileExists(file)
  host.readFile = (file) => textOf(file) ?? readFile(file)
  host.getSourceFile = (file, language, ...rest) =>
    snippets.has(file) ? ts.createSourceFile(file, textOf(file), language) : getSourceFile(file, language, ...rest)
  const program = ts.createProgram([...snippets.keys()], options, host)
  const problems = ts.getPreEmitDiagnostics(program).map((diagnostic) => describe(diagnostic, snippets))
  return { count: snippets.size - 1, problems: [...uncompiled, ...problems] }
}

function describe({ file, start, messageText }, snippets) {
  const message = ts.flattenDiagnosticMessageText(messageText, ' ')
  if (!file) return message
  const line = ts.getLineAndCharacterOfPosition(file, start ?? 0).line
  const snippet = snippets.get(file.fileName)
  return snippet ? `${snippet.path}:${snippet.line + line}: ${message}` : `${file.fileName}:${line + 1}: ${message}`
}
