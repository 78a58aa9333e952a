// What the benches share: interleaved runs, medians, a table, and the line that says what they ran on.
// Ratios are taken within one round, where machine and neighbours are the same for both sides, and the median of rounds is printed.
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'

export const median = (values) => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** The value below which the share `q` (0 to 1) of the values lies. */
export const quantile = (values, q) => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]
}

/** Milliseconds that `action` takes. */
export async function time(action) {
  const started = performance.now()
  await action()
  return performance.now() - started
}

/** Seconds of processor time, user and system, of this process and another: from /proc, so on Linux alone; null elsewhere. */
export function processorSeconds(pid) {
  const stat = `/proc/${pid}/stat`
  if (!existsSync(stat)) return null
  const { user, system } = process.cpuUsage()
  // After the program's name, which may hold spaces: utime and stime are fields 14 and 15, in hundredths of a second.
  const fields = readFileSync(stat, 'utf8').split(') ')[1].split(' ')
  return (user + system) / 1e6 + (Number(fields[11]) + Number(fields[12])) / 100
}

/**
 * Runs every action once a round, in turn, after one round that is not counted; odd rounds go backwards, so that none always follows
 * the same other. An action may answer with its own milliseconds; otherwise its whole run is measured.
 * @param {Record<string, () => Promise<number | void> | number | void>} actions
 * @returns {Promise<Record<string, number[]>>} milliseconds by name, one a round
 */
export async function interleave(actions, rounds) {
  const names = Object.keys(actions)
  const results = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = -1; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      globalThis.gc?.()
      let own
      const whole = await time(async () => (own = await actions[name]()))
      if (round >= 0) results[name].push(own ?? whole)
    }
  }
  return results
}

/** The median over rounds of `base` divided by `name`: how many times as fast as the base. */
export const ratio = (results, base, name) => median(results[base].map((value, round) => value / results[name][round]))

/** Prints rows of strings and numbers as a table; the first row is its head. */
export function table(rows) {
  const cells = rows.map((row) => row.map(String))
  const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => row[column].length)))
  for (const row of cells) {
    console.log(row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '))
  }
}

/** Machine and versions, to be printed with every figure. */
export function machine() {
  const processors = cpus()
  const memory = (totalmem() / 2 ** 30).toFixed(1)
  const { node, openssl } = process.versions
  return `${processors.length} × ${processors[0]?.model ?? 'unknown'}, ${memory} GiB; Node ${node}, OpenSSL ${openssl}, ${process.platform}-${process.arch}`
}

/** How a program ends that missed a target; one that broke ends with 1. */
export const MISSED = 3

/**
 * Compares a figure with its target, prints the verdict, and makes the program end with `MISSED` if it is missed.
 * `absolute` says what the figure was made from, with units.
 */
export function target(what, value, least, absolute = '') {
  const met = value >= least
  if (!met) process.exitCode = MISSED
  console.log(`${met ? 'met   ' : 'MISSED'} ${what}: ${value.toFixed(2)} (target ${least.toFixed(2)})`)
  keep({ what, target: `≥ ${least.toFixed(2)}`, result: value.toFixed(2), absolute, met })
}

/** The same for a figure that must not exceed its target. */
export function targetAtMost(what, value, most, absolute = '') {
  const met = value <= most
  if (!met) process.exitCode = MISSED
  console.log(`${met ? 'met   ' : 'MISSED'} ${what}: ${value.toFixed(2)} (target at most ${most.toFixed(2)})`)
  keep({ what, target: `≤ ${most.toFixed(2)}`, result: value.toFixed(2), absolute, met })
}

/** Prints a figure that has no target. */
export function figure(what, result, absolute = '') {
  console.log(`       ${what}: ${result}`)
  keep({ what: what.trim(), target: null, result, absolute, met: null })
}

/** Rows for docs/benchmarks.md, one JSON a line, where run.mjs asks for them. */
function keep(row) {
  const path = process.env.SEALCHART_BENCH_ROWS
  if (path) appendFileSync(path, `${JSON.stringify(row)}\n`)
}
