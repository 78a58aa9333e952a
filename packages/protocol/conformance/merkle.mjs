// Inclusion and consistency proofs of transparency-dev/merkle (its testdata/), valid and invalid, each file one case.
//
// Its subtree files are proofs about the leaves [start, end) of a larger tree.
// - Subtree inclusion: such a range is a tree of its own when it is aligned, so `verifyInclusion` decides these files.
// - Subtree consistency from leaf 0: [0, end) is the older tree, so `verifyConsistency` decides these files.
// - Subtree consistency from a later leaf, and the empty range from 0 where it is called valid: 18 files that nothing here can
//   answer. Sealchart proves growth between whole trees only (its log signs no other subtree) and takes no proof from an empty tree,
//   with which everything is consistent. They are counted in `notApplicable`, and another number of them is a failure.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ProtocolError } from '../dist/errors.js'
import { verifyConsistency, verifyInclusion } from '../dist/merkle.js'

const NOT_APPLICABLE = 18

const bytes = (text) => new Uint8Array(Buffer.from(text, 'base64'))
const proofOf = ({ proof }) => (proof ?? []).map(bytes)

/** Whether [start, end) is a subtree of an RFC 6962 tree: it begins at a multiple of the power of two that holds it. */
function isAligned({ start, end }) {
  if (start >= end) return false
  let width = 1
  while (width < end - start) width *= 2
  return start % width === 0
}

const suites = {
  inclusion: (test) =>
    verifyInclusion(
      { index: test.leafIdx, hash: bytes(test.leafHash) },
      { size: test.treeSize, root: bytes(test.root) },
      proofOf(test),
    ),
  consistency: (test) =>
    verifyConsistency(
      { size: test.size1, root: bytes(test.root1) },
      { size: test.size2, root: bytes(test.root2) },
      proofOf(test),
    ),
  subtreeinclusion: (test) => {
    if (!isAligned(test)) throw new ProtocolError('LOG_PROOF', 'not a subtree')
    const size = test.end - test.start
    const leaf = { index: test.leafIdx - test.start, hash: bytes(test.leafHash) }
    verifyInclusion(leaf, { size, root: bytes(test.root) }, proofOf(test))
  },
  subtreeconsistency: (test) =>
    verifyConsistency(
      { size: test.end, root: bytes(test.root1) },
      { size: test.size, root: bytes(test.root2) },
      proofOf(test),
    ),
}

const applies = (name, test) =>
  name !== 'subtreeconsistency' || (test.start === 0 && !(test.end === 0 && test.wantErr === false))

/** True when the verdict is the file's; a refusal is one only as an error that we throw on purpose. */
function agrees(verify, test) {
  if (typeof test.wantErr !== 'boolean') throw new Error('says neither that an error is wanted nor that none is')
  try {
    verify(test)
    return !test.wantErr
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    return test.wantErr
  }
}

function runSuite(dir, name, verify) {
  const folder = join(dir, 'merkle', name)
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.json'))
  const failures = []
  let passed = 0
  let notApplicable = 0
  for (const file of files.toSorted()) {
    const test = JSON.parse(readFileSync(join(folder, file), 'utf8'))
    if (!applies(name, test)) notApplicable += 1
    else if (agrees(verify, test)) passed += 1
    else failures.push(`${file}: expected ${test.wantErr ? 'a refusal' : 'no error'}`)
  }
  return { suite: `merkle ${name}`, passed, failed: failures.length, failures, notApplicable }
}

/** One result a suite: { suite, passed, failed, failures, notApplicable }. A folder that is missing throws. */
export async function run(dir) {
  const results = Object.entries(suites).map(([name, verify]) => runSuite(dir, name, verify))
  const left = results.reduce((sum, { notApplicable }) => sum + notApplicable, 0)
  if (left !== NOT_APPLICABLE) throw new Error(`${left} files do not apply, ${NOT_APPLICABLE} expected`)
  return results
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const results = await run(process.argv[2] ?? '.')
  for (const result of results) console.log(JSON.stringify(result))
  if (results.some(({ failed }) => failed > 0)) process.exitCode = 1
}
