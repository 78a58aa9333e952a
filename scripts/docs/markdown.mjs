// Reads Markdown as far as the checks need it: fenced blocks, headings with their anchors, links. Line numbers count from 1.

/**
 * @typedef {object} Block
 * @property {string} language what stands after the fence
 * @property {number} line of the first line of the content
 * @property {string} text
 *
 * @typedef {object} Link
 * @property {string} text
 * @property {string} target
 * @property {number} line
 *
 * @typedef {object} Document
 * @property {string} path from the root of the repository
 * @property {string} source
 * @property {Block[]} blocks
 * @property {string[]} prose one item a line, empty inside fenced blocks
 * @property {Set<string>} anchors
 * @property {Link[]} links
 */

/** @returns {Document} */
export function readMarkdown(path, source) {
  const blocks = []
  const prose = []
  let block
  for (const [i, line] of source.split('\n').entries()) {
    const [, fence, language] = /^\s*(```+)\s*(\S*)/.exec(line) ?? []
    if (block && fence && language === '') {
      blocks.push({ ...block, text: block.lines.join('\n') })
      block = undefined
    } else if (block) block.lines.push(line)
    else if (fence) block = { language, line: i + 2, lines: [] }
    prose.push(block || fence ? '' : line)
  }
  if (block) throw new Error(`${path}: a fenced block is not closed`)
  return { path, source, blocks, prose, anchors: anchorsOf(prose), links: linksOf(prose) }
}

/** Anchors as GitHub makes them of headings: lower case, no punctuation, hyphens for spaces, a number after a repetition. */
function anchorsOf(prose) {
  const anchors = new Set()
  for (const line of prose) {
    const [, heading] = /^#{1,6}\s+(.*?)\s*#*$/.exec(line) ?? []
    if (heading === undefined) continue
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const slug = plain.replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '').replaceAll(' ', '-')
    let anchor = slug
    for (let n = 1; anchors.has(anchor); n++) anchor = `${slug}-${n}`
    anchors.add(anchor)
  }
  return anchors
}

function linksOf(prose) {
  return prose.flatMap((line, i) =>
    [...line.matchAll(/\[((?:\\.|[^[\]\\]|\[[^\]]*\])*)\]\(([^)\s]+)\)/g)].map(([, text, target]) => ({
      text: text.replaceAll('\\', ''),
      target,
      line: i + 1,
    })),
  )
}

/** Replaces what stands between `<!-- name -->` and `<!-- /name -->`; null when the markers are not there. */
export function replaceMarked(source, name, content) {
  const open = `<!-- ${name} -->\n`
  const close = `<!-- /${name.split(':')[0]} -->`
  const from = source.indexOf(open)
  const to = source.indexOf(close, from)
  if (from < 0 || to < 0) return null
  return source.slice(0, from + open.length) + content + source.slice(to)
}
