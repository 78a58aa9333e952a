// The age command line program on the same amount of data, when it is installed: file to file, in memory where there is /dev/shm.
// It starts a process and writes its output, which the loops of seal.mjs do not; it hashes nothing, and opens nothing again.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { figure, interleave, median, target } from './measure.mjs'

function age(...args) {
  const { status, error, stderr, stdout } = spawnSync('age', args, { encoding: 'utf8' })
  if (error?.code === 'ENOENT') return null
  if (status !== 0) throw new Error(`age failed: ${stderr}`)
  return stdout.trim()
}

/** Compares two workers' MiB/s (`onTwo`) with those of age on `contents`, or prints that it is not installed. */
export async function compareWithAge(contents, { rounds, onTwo }) {
  const version = age('--version')
  if (version === null) return figure('age, the command line program', 'not installed: not compared')
  const folder = mkdtempSync(join(process.platform === 'linux' ? '/dev/shm' : tmpdir(), 'sealchart-age-'))
  const path = (name) => join(folder, name)
  try {
    const { stdout } = spawnSync('age-keygen', { encoding: 'utf8' })
    const recipient = /public key: (age1\w+)/.exec(stdout)?.[1] ?? ''
    writeFileSync(path('key'), stdout)
    writeFileSync(path('plain'), Buffer.concat(contents))
    const encrypt = () => void age('-r', recipient, '-o', path('sealed'), path('plain'))
    const decrypt = () => void age('-d', '-i', path('key'), '-o', path('opened'), path('sealed'))
    encrypt()
    const results = await interleave({ encrypt, decrypt }, rounds)
    const speed = (name) => ((contents.length * 1000) / median(results[name])).toFixed(0)
    for (const [ours, its] of [
      ['seal', 'encrypt'],
      ['open', 'decrypt'],
    ]) {
      const absolute = `${onTwo[ours]} MiB/s, age ${version} ${speed(its)}, ${contents.length} MiB, file to file`
      target(`${ours} on two workers against age`, onTwo[ours] / Number(speed(its)), 1.5, absolute)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
