// Tells stories of who may read what, with real cryptography and the real relay in one process: `npm run stories`, or with names of some.
import { stories } from './index.mjs'

const names = process.argv.slice(2)
for (const name of names.filter((one) => !(one in stories))) {
  console.error(`there is no story "${name}": ${Object.keys(stories).join(', ')}`)
  process.exitCode = 2
}
for (const [name, story] of Object.entries(stories)) {
  if (process.exitCode || (names.length > 0 && !names.includes(name))) continue
  console.log(`\n${name}`)
  await story((line) => console.log(`  ${line}`))
}
