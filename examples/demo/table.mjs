// What is printed: chapters, expectations that hold or do not, and tables, in at most 100 columns.

const WIDTH = 100
const colours = process.stdout.isTTY && !process.env.NO_COLOR
const paint = (/** @type {number} */ code, /** @type {string} */ text) =>
  colours ? `\u001b[${code}m${text}\u001b[0m` : text

let chapters = 0
let failures = 0

/** Begins a chapter. */
export function chapter(/** @type {string} */ title) {
  console.log(`\n${paint(1, `${++chapters}  ${title}`)}`)
}

/** Says whether something that was expected holds, and what was seen. */
export function expect(/** @type {boolean} */ holds, /** @type {string} */ text, seen = '') {
  if (!holds) failures++
  const mark = holds ? paint(32, '✓') : paint(31, '✗')
  const lines = wrap(text, WIDTH - 6)
  const isShort = (lines.at(-1)?.length ?? 0) + seen.length < WIDTH - 8
  if (seen && isShort) lines[lines.length - 1] += `: ${paint(2, seen)}`
  for (const [i, line] of lines.entries()) console.log(i === 0 ? `   ${mark} ${line}` : `     ${line}`)
  if (seen && !isShort) for (const line of wrap(seen, WIDTH - 8)) console.log(`       ${paint(2, line)}`)
}

/** Runs a call that must end in one of these codes. */
export async function refused(
  /** @type {Promise<unknown>} */ call,
  /** @type {readonly string[]} */ codes,
  /** @type {string} */ text,
) {
  const outcome = await call.then(
    () => 'no refusal',
    (/** @type {Error & { code?: string }} */ error) => error.code ?? error.name,
  )
  expect(codes.includes(outcome), text, outcome)
}

/** How many expectations did not hold. */
export const failed = () => failures

/** Prints rows under headings; columns are as wide as told, and cells are cut where they do not fit. */
export function table(
  /** @type {readonly (readonly [string, number])[]} */ columns,
  /** @type {readonly (readonly string[])[]} */ rows,
) {
  const line = (/** @type {readonly string[]} */ cells) =>
    `   ${columns.map(([, width], i) => fit(cells[i] ?? '', width)).join('  ')}`.trimEnd()
  console.log(paint(1, line(columns.map(([heading]) => heading))))
  console.log(`   ${columns.map(([, width]) => '─'.repeat(width)).join('  ')}`)
  for (const row of rows) console.log(line(row))
}

const fit = (/** @type {string} */ text, /** @type {number} */ width) =>
  text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width)

function wrap(/** @type {string} */ text, /** @type {number} */ width) {
  const lines = ['']
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? ''
    if (line.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return lines
}

/** 1234567 → "1.2 MB" */
export function size(/** @type {number} */ bytes) {
  if (bytes < 1000) return `${bytes} B`
  return bytes < 1e6 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`
}
