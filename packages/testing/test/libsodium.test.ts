// What the relay and protocol take from libsodium: verification in protocol, the log's own signatures in the relay, and nothing that
// could open a record. Read off the syntax tree of every source, so that a new use fails here until somebody lists it.
// Which packages may import which is walls.test.ts.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** The files that may import libsodium, and what they may touch of it. */
const doors: Readonly<Record<string, readonly string[]>> = {
  'packages/protocol/src/ed25519.ts': ['crypto_sign_verify_detached', 'ready'],
  'packages/relay/src/log-key.ts': ['crypto_sign_detached', 'crypto_sign_seed_keypair', 'ready'],
}

const sources = ['packages/protocol/src', 'packages/relay/src'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name).replaceAll('\\', '/')),
)

function nodesOf(source: string): ts.Node[] {
  const file = ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest, true)
  const nodes: ts.Node[] = []
  const visit = (node: ts.Node): void => {
    nodes.push(node)
    ts.forEachChild(node, visit)
  }
  visit(file)
  return nodes
}

/** What the file takes from its default import of libsodium-wrappers; whatever else it does with it, as it is written there. */
function takenFromSodium(source: string): string[] {
  const nodes = nodesOf(source)
  const names = nodes.filter(ts.isImportDeclaration).flatMap(({ moduleSpecifier, importClause }) => {
    if (!ts.isStringLiteral(moduleSpecifier) || moduleSpecifier.text !== 'libsodium-wrappers') return []
    return importClause?.name && !importClause.namedBindings ? [importClause.name.text] : ['another import']
  })
  if (names.length !== 1 || names[0] === 'another import') return [`imports: ${names.join()}`]
  const uses = nodes.filter((node) => ts.isIdentifier(node) && node.text === names[0])
  const taken = uses.flatMap(({ parent }) => {
    if (ts.isImportClause(parent)) return []
    return [ts.isPropertyAccessExpression(parent) ? parent.name.text : parent.getText()]
  })
  return [...new Set(taken)].sort()
}

/** Ways to a module that no list of imports shows, and any mention of libsodium in a text. */
function hiddenWays(source: string): string[] {
  return nodesOf(source).flatMap((node) => {
    if (ts.isStringLiteralLike(node) && node.text.includes('libsodium')) return [node.text]
    if (ts.isIdentifier(node) && /^(require|createRequire|dlopen|eval|Function|getBuiltinModule)$/.test(node.text)) {
      return [node.text]
    }
    if (!ts.isCallExpression(node) || node.expression.kind !== ts.SyntaxKind.ImportKeyword) return []
    const [name] = node.arguments
    return name && ts.isStringLiteralLike(name) ? [] : [node.getText()]
  })
}

interface Locked {
  readonly resolved?: string
  readonly link?: boolean
  readonly dependencies?: object
  readonly optionalDependencies?: object
  readonly peerDependencies?: object
}

/** Every package that comes with the one in `folder`, by the lock: names of dependencies, found as Node finds them. */
function installedWith(folder: string, lock: Readonly<Record<string, Locked>>): Set<string> {
  const names = new Set<string>()
  const visited = new Set<string>()
  const visit = (path: string): void => {
    if (visited.has(path)) return
    visited.add(path)
    const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = lock[path] ?? {}
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      names.add(name)
      const found = foundFrom(path, name, lock)
      if (found !== null) visit(found)
    }
  }
  visit(folder)
  return names
}

function foundFrom(path: string, name: string, lock: Readonly<Record<string, Locked>>): string | null {
  for (let folder = path; ; folder = folder.slice(0, Math.max(folder.lastIndexOf('/'), 0))) {
    const candidate = [folder, 'node_modules', name].filter(Boolean).join('/')
    const found = lock[candidate]
    if (found) return found.link ? (found.resolved ?? null) : candidate
    if (folder === '') return null
  }
}

describe('libsodium in protocol and relay', () => {
  test.each(Object.entries(doors))('%s takes what is listed for it and no more', (path, listed) => {
    expect(takenFromSodium(readFileSync(join(root, path), 'utf8'))).toEqual(listed)
  })

  test('no other file names it, and none has a way to a module that cannot be read off', () => {
    expect(sources.length).toBeGreaterThan(50)
    for (const path of sources) {
      const expected = path in doors ? ['libsodium-wrappers'] : []
      expect([path, ...hiddenWays(readFileSync(join(root, path), 'utf8'))]).toEqual([path, ...expected])
    }
  })

  test.each([
    [`import sodium from 'libsodium-wrappers'\nsodium.crypto_secretbox_easy(a, b, c)`, ['crypto_secretbox_easy']],
    [`import sodium from 'libsodium-wrappers'\nsodium['crypto_box'](a)`, [`sodium['crypto_box']`]],
    [`import sodium from 'libsodium-wrappers'\nconst { crypto_box } = sodium`, ['{ crypto_box } = sodium']],
    [`import sodium from 'libsodium-wrappers'\nuse(sodium)`, ['use(sodium)']],
    [`import sodium from 'libsodium-wrappers'\nexport { sodium }`, ['sodium']],
    [`import * as sodium from 'libsodium-wrappers'`, ['imports: another import']],
    [`import sodium, { crypto_box } from 'libsodium-wrappers'`, ['imports: another import']],
  ])('a use that is not listed would be seen: %j', (source, taken) => {
    expect(takenFromSodium(source)).toEqual(taken)
  })

  test.each([
    `export { default } from 'libsodium-wrappers'`,
    `const sodium = await import('libsodium-wrappers-sumo')`,
    'const sodium = await import(`libsodium`)',
    `const sodium = await import('lib' + name)`,
    `import { createRequire } from 'node:module'`,
    `const sodium = require(name)`,
    `type Sodium = typeof import('libsodium-wrappers')`,
  ])('a hidden way would be seen: %s', (source) => {
    expect(hiddenWays(source)).not.toEqual([])
  })
})

describe('what is installed with the relay', () => {
  const { packages: lock } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, Locked>>
  }
  const opening = ['@sealchart/crypto', '@sealchart/client-sdk', 'libsodium-wrappers-sumo']

  test('is nothing that opens a record', () => {
    const manifest = JSON.parse(readFileSync(join(root, 'packages/relay/package.json'), 'utf8')) as Locked
    const names = installedWith('packages/relay', { ...lock, 'packages/relay': manifest })
    expect([...names]).toEqual(expect.arrayContaining(['@sealchart/protocol', 'libsodium-wrappers', 'libsodium']))
    expect([...names].filter((name) => opening.includes(name))).toEqual([])
  })

  test('would be seen to reach crypto over another package', () => {
    const far = { dependencies: { '@sealchart/crypto': '0.1.0' } }
    expect([...installedWith('packages/relay', { ...lock, 'node_modules/commander': far })]).toEqual(
      expect.arrayContaining(opening.filter((name) => name !== '@sealchart/client-sdk')),
    )
  })
})
