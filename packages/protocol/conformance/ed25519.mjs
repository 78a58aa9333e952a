// Published edge cases against what docs/spec/signatures.md says about Ed25519 and device keys, on the built package.
//
// CCTV's vectors carry no verdict: they say by flags what is odd about A and R, because verifiers differ. The verdict expected here is
// derived from the flags by our rules and nothing else. Each vector is a valid signature under the laxest rules, so it must verify
// exactly when no rule of ours speaks against it:
//   low_order_A, low_order_R            A and R not of small order
//   non_canonical_A, non_canonical_R    A canonical; R compared as bytes with the recomputed point, which is canonical
//   low_order_residue                   without the cofactor: [S]B = R + [k]A, and not merely eight times both sides
// low_order_component_A and _R alone forbid nothing (no list of points could), and reencoded_k never stands without non_canonical.
// Wycheproof's vectors carry a verdict, `valid` or `invalid`; `acceptable` would be a failure here, since rules leave no choice.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkBoxKey, checkSignKey, concat, ready, SealchartError, unhex, utf8, verify } from '../dist/index.js'

const forbidden = ['low_order_A', 'low_order_R', 'non_canonical_A', 'non_canonical_R', 'low_order_residue']
const forbiddenKey = ['low_order_A', 'non_canonical_A']

const readJson = (dir, path) => JSON.parse(readFileSync(join(dir, path), 'utf8'))
const testsOf = (dir, path) =>
  readJson(dir, path).testGroups.flatMap((group) => group.tests.map((test) => ({ ...test, group })))

/** Runs `verdict(case)` → [name, expected, found] over all cases. */
function suite(name, cases, verdict) {
  const failures = cases.map(verdict).filter(([, expected, found]) => expected !== found)
  return {
    suite: name,
    passed: cases.length - failures.length,
    failed: failures.length,
    failures: failures.map(([label, expected, found]) => `${label}: expected ${expected}, found ${found}`),
  }
}

const codeOf = (action) => {
  try {
    action()
    return 'accepted'
  } catch (error) {
    return error instanceof SealchartError ? error.code : String(error)
  }
}

/** An X-Wing key with one half from a vector; the other half is well-formed. */
const withPoint = (u) => concat(new Uint8Array(1184), u)
const withModule = (ek) => concat(ek, Uint8Array.of(9), new Uint8Array(31))

/** X25519 keys that our rules refuse: Wycheproof's own flags for them. */
const refusedPoint = (flags) =>
  flags.some((flag) => ['LowOrderPublic', 'NonCanonicalPublic', 'ZeroSharedSecret'].includes(flag))

export async function run(dir) {
  await ready()
  const cctv = readJson(dir, 'cctv-ed25519/ed25519vectors.json').map((vector) => ({
    ...vector,
    flags: vector.flags ?? [],
  }))
  return [
    suite('ed25519: CCTV edge cases', cctv, ({ number, key, sig, msg, flags }) => [
      `${number} [${flags}]`,
      !flags.some((flag) => forbidden.includes(flag)),
      verify(unhex(key), utf8(msg), unhex(sig)),
    ]),
    suite('ed25519: checkSignKey on CCTV keys', cctv, ({ number, key, flags }) => [
      `${number} [${flags}]`,
      flags.some((flag) => forbiddenKey.includes(flag)) ? 'KEY_FORMAT' : 'accepted',
      codeOf(() => checkSignKey(unhex(key))),
    ]),
    suite('ed25519: Wycheproof', testsOf(dir, 'wycheproof/ed25519_test.json'), ({ tcId, group, msg, sig, result }) => [
      `${tcId}`,
      result,
      verify(unhex(group.publicKey.pk), unhex(msg), unhex(sig)) ? 'valid' : 'invalid',
    ]),
    suite('x25519: checkBoxKey on Wycheproof keys', testsOf(dir, 'wycheproof/x25519_test.json'), (test) => [
      `${test.tcId} [${test.flags}]`,
      refusedPoint(test.flags) ? 'KEY_FORMAT' : 'accepted',
      codeOf(() => checkBoxKey(withPoint(unhex(test.public)))),
    ]),
    suite('ml-kem: checkBoxKey on Wycheproof keys', testsOf(dir, 'wycheproof/mlkem_768_encaps_test.json'), (test) => [
      `${test.tcId} [${test.flags}]`,
      test.result === 'valid' ? 'accepted' : 'KEY_FORMAT',
      codeOf(() => checkBoxKey(withModule(unhex(test.ek)))),
    ]),
  ]
}
