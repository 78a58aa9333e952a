// Randomness that repeats: for tests that compare bytes between runs. Never for anything that is to stay secret.
import { concat, sha256, utf8 } from '@sealchart/protocol'

/** Bytes of SHA-256 over seed and counter. */
export function seededRandom(seed: string): (length: number) => Uint8Array<ArrayBuffer> {
  const prefix = utf8(`sealchart test randomness ${seed} `)
  let counter = 0
  return (length) => {
    const bytes = new Uint8Array(length)
    for (let at = 0; at < length; at += 32) {
      const block = sha256(concat(prefix, utf8(String(counter++))))
      bytes.set(block.subarray(0, length - at), at)
    }
    return bytes
  }
}
