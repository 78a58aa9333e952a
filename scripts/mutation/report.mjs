// What a run found: a table of files on the screen, and every survivor with its place in a file.
import { writeFileSync } from 'node:fs'

const share = (part, all) => (all === 0 ? '—' : `${((100 * part) / all).toFixed(1)} %`)

/** `isPart`: the time was up before everything was tried. */
export function print(work, { kills, tests }, path, isPart) {
  const reached = new Set(
    Object.values(tests).flatMap(({ load, reaches }) =>
      [load, ...Object.values(reaches).map((one) => one.reaches)].flatMap(numbers),
    ),
  )
  const rows = new Map()
  for (const { path: file, key, n } of work.mutants) {
    const row = rows.get(file) ?? { all: 0, killed: 0, unreached: 0 }
    rows.set(file, row)
    row.all++
    if (kills[key]) row.killed++
    else if (!reached.has(n)) row.unreached++
  }
  const sum = (name) => [...rows.values()].reduce((total, row) => total + row[name], 0)
  rows.set(work.name, { all: sum('all'), killed: sum('killed'), unreached: sum('unreached') })
  const table = ['| file | mutants | killed | not reached | score |', '|---|---:|---:|---:|---:|']
  for (const [file, { all, killed, unreached }] of rows)
    table.push(`| ${file.replace('src/', '')} | ${all} | ${killed} | ${unreached} | ${share(killed, all)} |`)
  console.log(table.join('\n'))
  const alive = work.mutants.filter(({ key }) => !kills[key])
  const one = ({ path: file, line, mutator, text, replacement, n }) =>
    `${file}:${line} ${mutator}${reached.has(n) ? '' : ' (not reached)'}\n  - ${flat(text)}\n  + ${flat(replacement)}`
  writeFileSync(path, `${table.join('\n')}\n\n${alive.map(one).join('\n')}\n`)
  const single = Object.values(tests).flatMap((test) => test.single)
  if (single.length > 0) console.log(`${single.length} tests cannot be repeated:\n${single.join('\n')}`)
  if (isPart) console.log('the time was up before everything was tried: run it again to go on')
  console.log(`${work.name}: ${alive.length} survivors in ${path}`)
}

const numbers = (pairs) =>
  pairs.flatMap((first, i) => (i % 2 ? [] : Array.from({ length: pairs[i + 1] - first }, (_, k) => first + k)))

const flat = (text) => text.replace(/\s+/g, ' ').slice(0, 160)
