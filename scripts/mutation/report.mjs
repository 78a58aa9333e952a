// What a run found: a table of files on the screen, and every survivor with its place in a file.
import { writeFileSync } from 'node:fs'

const share = (part, all) => (all === 0 ? '—' : `${((100 * part) / all).toFixed(1)} %`)

/** Numbers of mutants that a test reaches that was not repeated yet, or that were not loaded as often as they will be. */
function openOnes(work, { tests }, loads) {
  const open = new Set()
  const loading = new Map()
  for (const { reaches, done, load, loaded } of Object.values(tests)) {
    const repeated = new Set(done)
    for (const [name, one] of Object.entries(reaches))
      if (!repeated.has(name)) for (const n of numbers(one.reaches)) open.add(n)
    const tried = new Set(loaded)
    for (const n of new Set(numbers(load))) {
      const [all, those] = loading.get(n) ?? [0, 0]
      loading.set(n, [all + 1, those + (tried.has(work.mutants[n - 1]?.key) ? 1 : 0)])
    }
  }
  for (const [n, [all, those]] of loading) if (those < Math.min(loads, all)) open.add(n)
  return open
}

/** `loads`: how many test files are loaded again for a mutant. */
export function print(work, known, path, loads) {
  const { kills, tests } = known
  const reached = new Set(
    Object.values(tests).flatMap(({ load, reaches }) =>
      [load, ...Object.values(reaches).map((one) => one.reaches)].flatMap(numbers),
    ),
  )
  const undecided = openOnes(work, known, loads)
  const columns = ['all', 'killed', 'unreached', 'open', 'survived']
  const rows = new Map()
  const total = Object.fromEntries(columns.map((column) => [column, 0]))
  const stateOf = ({ key, n }) =>
    kills[key] ? 'killed' : undecided.has(n) ? 'open' : reached.has(n) ? 'survived' : 'unreached'
  for (const mutant of work.mutants) {
    const row = rows.get(mutant.path) ?? Object.fromEntries(columns.map((column) => [column, 0]))
    rows.set(mutant.path, row)
    for (const counted of [row, total]) {
      counted.all++
      counted[stateOf(mutant)]++
    }
  }
  rows.set(work.name, total)
  const table = [
    '| file | mutants | killed | survived | not reached | not tried | score |',
    '|---|---:|---:|---:|---:|---:|---:|',
  ]
  for (const [file, { all, killed, survived, unreached, open }] of rows) {
    const name = file.replace('src/', '')
    table.push(`| ${name} | ${all} | ${killed} | ${survived} | ${unreached} | ${open} | ${share(killed, all)} |`)
  }
  console.log(table.join('\n'))
  const alive = work.mutants.filter(({ key }) => !kills[key])
  const notes = { open: ' (not tried)', unreached: ' (not reached)', survived: '' }
  const one = (mutant) => {
    const { path: file, line, mutator, text, replacement } = mutant
    return `${file}:${line} ${mutator}${notes[stateOf(mutant)]}\n  - ${flat(text)}\n  + ${flat(replacement)}`
  }
  writeFileSync(path, `${table.join('\n')}\n\n${alive.map(one).join('\n')}\n`)
  const single = Object.values(tests).flatMap((test) => test.single)
  if (single.length > 0) console.log(`${single.length} tests cannot be repeated:\n${single.join('\n')}`)
  if (total.open > 0) console.log('not everything was tried: run it again to go on')
  console.log(`${work.name}: ${alive.length} alive, in ${path}`)
}

const numbers = (pairs) =>
  pairs.flatMap((first, i) => (i % 2 ? [] : Array.from({ length: pairs[i + 1] - first }, (_, k) => first + k)))

const flat = (text) => text.replace(/\s+/g, ' ').slice(0, 160)
