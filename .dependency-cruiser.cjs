// The layers of the architecture as rules; a rule's comment is the sentence that explains it, and is printed when it is broken.
//
//     client-sdk ──▶ crypto ──▶ protocol ◀── relay          testing ──▶ relay, client-sdk
//
// Packages are resolved to their sources (tsconfig.arch.json), so the rules need no build and see through "#…" imports.

/** Every workspace package except the ones named. */
const otherThan = (...names) => `^packages/(?!(${names.join('|')})/)`

module.exports = {
  options: {
    tsConfig: { fileName: 'tsconfig.arch.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    // Anchored: a bare "dist/" would also hide node_modules/<package>/dist, and every rule about that package would pass in silence.
    exclude: { path: '^(packages/[^/]+|bench|examples)/(dist|coverage)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['node', 'import', 'require', 'default', 'types'],
    },
  },
  forbidden: [
    {
      name: 'relay-does-not-reach-crypto',
      comment: 'The relay does not reach crypto: it holds no key that opens a record.',
      severity: 'error',
      from: { path: '^packages/relay/src/' },
      to: { path: '^packages/crypto/', reachable: true },
    },
    {
      name: 'relay-uses-protocol-only',
      comment: 'The relay serves what protocol describes: it imports no other package of this repository.',
      severity: 'error',
      from: { path: '^packages/relay/src/' },
      to: { path: otherThan('relay', 'protocol') },
    },
    {
      name: 'protocol-imports-no-package',
      comment: 'Protocol is what anybody can check without a secret: it imports no other package of this repository.',
      severity: 'error',
      from: { path: '^packages/protocol/src/' },
      to: { path: otherThan('protocol') },
    },
    {
      name: 'crypto-uses-protocol-only',
      comment: 'Crypto seals and opens; it knows protocol, and neither a relay nor the SDK that calls it.',
      severity: 'error',
      from: { path: '^packages/crypto/src/' },
      to: { path: otherThan('crypto', 'protocol') },
    },
    {
      name: 'client-sdk-meets-the-relay-on-the-wire',
      comment:
        'The client SDK meets a relay only through a Transport: it imports crypto and protocol, never relay or testing.',
      severity: 'error',
      from: { path: '^packages/client-sdk/src/' },
      to: { path: otherThan('client-sdk', 'crypto', 'protocol') },
    },
    {
      name: 'src-does-not-import-tests',
      comment: 'What is published never imports a test.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/' },
      to: { path: '(^|/)test/|\\.test\\.[cm]?[jt]s$', pathNot: 'node_modules' },
    },
    {
      name: 'src-stays-in-its-package',
      comment:
        'A package is used through its one entry: no path leads from its sources into another package, script or test folder.',
      severity: 'error',
      from: { path: '^packages/([^/]+)/src/' },
      to: {
        pathNot: ['^packages/$1/src/', '^packages/[^/]+/src/index\\.ts$', 'node_modules/'],
        dependencyTypesNot: ['core', 'unknown'],
      },
    },
    {
      name: 'libsodium-has-three-doors',
      comment:
        'libsodium-wrappers is imported by protocol/src/ed25519.ts (verification), relay/src/log-key.ts (the log’s own key) and crypto; nowhere else.',
      severity: 'error',
      from: {
        path: '^packages/[^/]+/src/',
        pathNot: ['^packages/protocol/src/ed25519\\.ts$', '^packages/relay/src/log-key\\.ts$', '^packages/crypto/src/'],
      },
      to: { path: '(^|/)libsodium' },
    },
    {
      name: 'sqlite-stays-in-its-store',
      comment: 'better-sqlite3 is optional and native: only relay/src/store/sqlite*.ts may import it.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: '^packages/relay/src/store/sqlite[^/]*\\.ts$' },
      to: { path: '(^|/)better-sqlite3' },
    },
    {
      name: 'node-only-in-node-files',
      comment:
        'Protocol, crypto and client-sdk run in browsers: Node’s modules are imported only by files that end in -node.ts, chosen by package.json#imports.',
      severity: 'error',
      from: { path: '^packages/(protocol|crypto|client-sdk)/src/', pathNot: '-node\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-cycle',
      comment: 'Modules that import each other in a circle cannot be read or loaded one after the other.',
      severity: 'error',
      from: { path: '^packages/' },
      to: { circular: true },
    },
    {
      name: 'no-undeclared-dependency',
      comment: 'What is imported is declared in the package’s own package.json, and not only as a devDependency.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-unresolved-import',
      comment: 'An import that leads nowhere would pass every other rule unseen.',
      severity: 'error',
      from: { path: '^packages/' },
      to: { couldNotResolve: true },
    },
  ],
}
