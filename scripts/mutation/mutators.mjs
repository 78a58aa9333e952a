// What is changed in the sources, one small change at a time: each mutator looks at one node of the syntax tree and answers the texts that
// may stand in its place. Types are left alone, and so is what config.mjs gives a reason for.
import ts from 'typescript'
import { apart, isMessage } from './config.mjs'

const { SyntaxKind: Kind } = ts

/** Operator → what may stand in its place. */
const OPERATORS = {
  '===': ['!=='],
  '!==': ['==='],
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '&&': ['||'],
  '||': ['&&'],
  '??': ['&&'],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
  '**': ['*'],
  '&': ['|'],
  '|': ['&'],
  '^': ['&'],
  '<<': ['>>'],
  '>>': ['<<'],
  '>>>': ['<<'],
  '+=': ['-='],
  '-=': ['+='],
  '*=': ['/='],
  '/=': ['*='],
  '|=': ['&='],
  '&=': ['|='],
  '^=': ['|='],
  '<<=': ['>>='],
  '>>=': ['<<='],
  '>>>=': ['<<='],
  '??=': ['&&='],
}

/** Method → what may be called in its place; null: nothing, the object itself stands there. */
const METHODS = {
  every: 'some',
  some: 'every',
  startsWith: 'endsWith',
  endsWith: 'startsWith',
  min: 'max',
  max: 'min',
  ceil: 'floor',
  floor: 'ceil',
  toLowerCase: 'toUpperCase',
  toUpperCase: 'toLowerCase',
  filter: null,
  slice: null,
  subarray: null,
  reverse: null,
  toReversed: null,
  sort: null,
  toSorted: null,
  trim: null,
}

const isText = (node) => ts.isStringLiteral(node) || ts.isTemplateLiteral(node)
const isLoop = (node) => ts.isWhileStatement(node) || ts.isDoStatement(node) || ts.isForStatement(node)

/** Whether a value that decides: of `if`, of a loop, of `? :`. A loop that never ends shows nothing. */
function conditions(node, { parent }) {
  if (ts.isForStatement(parent) && parent.condition === node) return ['false']
  if ((ts.isWhileStatement(parent) || ts.isDoStatement(parent)) && parent.expression === node) return ['false']
  if (ts.isIfStatement(parent) && parent.expression === node) return ['true', 'false']
  if (ts.isConditionalExpression(parent) && parent.condition === node) return ['true', 'false']
  return []
}

function operators(node, { text, parent }) {
  if (!ts.isBinaryExpression(node)) return []
  const { left, right, operatorToken } = node
  const operator = operatorToken.getText()
  if (operator === '+' && (isText(left) || isText(right))) return []
  const others = (OPERATORS[operator] ?? []).map((other) => `${text(left)} ${other} ${text(right)}`)
  // A part of a longer condition: every comparison and every side of && and || counts for something.
  const sides = ['&&', '||'].includes(operator) && !isLoop(parent) ? [text(left), text(right)] : []
  return [...others, ...sides]
}

function prefixes(node, { text }) {
  if (!ts.isPrefixUnaryExpression(node)) return []
  const inner = text(node.operand)
  if (node.operator === Kind.ExclamationToken || node.operator === Kind.TildeToken) return [inner]
  if (node.operator === Kind.MinusToken) return [`+${inner}`]
  if (node.operator === Kind.PlusPlusToken) return [`--${inner}`]
  return node.operator === Kind.MinusMinusToken ? [`++${inner}`] : []
}

const postfixes = (node, { text }) =>
  ts.isPostfixUnaryExpression(node)
    ? [`${text(node.operand)}${node.operator === Kind.PlusPlusToken ? '--' : '++'}`]
    : []

function literals(node) {
  if (node.kind === Kind.TrueKeyword) return ['false']
  if (node.kind === Kind.FalseKeyword) return ['true']
  if (ts.isTemplateExpression(node) || ts.isNoSubstitutionTemplateLiteral(node)) return ['""']
  if (ts.isStringLiteral(node)) return [node.text === '' ? '"changed"' : '""']
  if (ts.isArrayLiteralExpression(node)) return node.elements.length > 0 ? ['[]'] : ['["changed"]']
  return ts.isObjectLiteralExpression(node) && node.properties.length > 0 ? ['{}'] : []
}

/** A pattern without an anchor, or with an anchor less; and one whose repetition is single. */
function patterns(node) {
  if (node.kind !== Kind.RegularExpressionLiteral) return []
  const [, body, flags] = /^\/(.*)\/(\w*)$/s.exec(node.getText())
  const others = [body.replace(/^\^/, ''), body.replace(/\$$/, ''), body.replace(/(?<!\\)[+*](?!\?)/g, '')]
  return others.filter((other) => other !== body && other !== '').map((other) => `/${other}/${flags}`)
}

function methods(node, { text }) {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return []
  const { expression: object, name } = node.expression
  if (!Object.hasOwn(METHODS, name.text) || node.expression.questionDotToken) return []
  const other = METHODS[name.text]
  const rest = node.getText().slice(name.getEnd() - node.getStart())
  return [other === null ? text(object) : `${text(object)}.${other}${rest}`]
}

const optionals = (node, { text }) =>
  ts.isPropertyAccessExpression(node) && node.questionDotToken
    ? [`${text(node.expression)}.${node.name.text}`]
    : ts.isCallExpression(node) && node.questionDotToken
      ? [`${text(node.expression)}(${node.arguments.map(text).join(', ')})`]
      : []

const bodies = (node, { parent }) => (ts.isArrowFunction(parent) && parent.body === node ? ['undefined'] : [])

const EXPRESSIONS = {
  condition: conditions,
  operator: operators,
  prefix: prefixes,
  postfix: postfixes,
  literal: literals,
  pattern: patterns,
  method: methods,
  optional: optionals,
  body: bodies,
}

/** Statements that are left out as a whole. */
function isRemovable(node) {
  if (ts.isBlock(node)) return node.statements.length > 0 && !ts.isConstructorDeclaration(node.parent)
  if (!ts.isExpressionStatement(node)) return false
  const inner = ts.isAwaitExpression(node.expression) ? node.expression.expression : node.expression
  return ts.isCallExpression(inner) && inner.expression.kind !== Kind.SuperKeyword
}

/** Whether an expression may stand in brackets with another beside it, here. */
function isReplaceable(node) {
  const { parent } = node
  if (!ts.isExpression(node) || ts.isIdentifier(node)) return false
  if (parent.name === node) return false
  if (ts.isImportDeclaration(parent) || ts.isExportDeclaration(parent) || ts.isLiteralTypeNode(parent)) return false
  if (ts.isExpressionStatement(parent) && ts.isStringLiteral(node)) return false
  if (ts.isBinaryExpression(parent) && parent.left === node && isAssignment(parent)) return false
  if (ts.isTaggedTemplateExpression(parent) || ts.isDeleteExpression(parent)) return false
  // In brackets, a chain of ?. would end earlier; a method would lose its object.
  const outer =
    ts.isPropertyAccessExpression(parent) || ts.isCallExpression(parent) || ts.isElementAccessExpression(parent)
  if (outer && parent.expression === node && (ts.isOptionalChain(parent) || ts.isCallExpression(parent))) return false
  return true
}

const isAssignment = ({ operatorToken: { kind } }) => kind >= Kind.FirstAssignment && kind <= Kind.LastAssignment

/**
 * The mutants of one source: `[{ start, end, statement, mutator, line, text, replacement }]`, outer nodes before inner ones.
 * `path` is that of the file, relative to its package.
 */
export function mutantsOf(source, path) {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true)
  const text = (node) => node.getText()
  const found = []
  const add = (node, mutator, statement, replacement) => {
    const [start, end] = [node.getStart(), node.getEnd()]
    const line = file.getLineAndCharacterOfPosition(start).line + 1
    const isAlone = ts.isExpressionStatement(node.parent)
    found.push({ path, start, end, line, mutator, statement, isAlone, text: source.slice(start, end), replacement })
  }
  const visit = (node) => {
    if (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) return
    if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) || ts.isImportDeclaration(node)) return
    if (isMessage(node) || apart.some((one) => one.matches(node, path))) return
    if (isRemovable(node)) add(node, 'statement', true, '')
    else if (isReplaceable(node)) {
      const seen = new Set([node.getText()])
      for (const [mutator, of] of Object.entries(EXPRESSIONS))
        for (const replacement of of(node, { text, parent: node.parent }))
          if (!seen.has(replacement)) {
            seen.add(replacement)
            add(node, mutator, false, replacement)
          }
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
  return found
}

/**
 * The source with all its mutants in it, of which the one that `at(first, end)` and `is(n)` of runner.mjs are told stands in for the
 * original. `first` is the number of the first of `mutants`.
 */
export function withMutants(source, mutants, first) {
  const sites = new Map()
  mutants.forEach((mutant, i) => {
    const key = `${mutant.start}-${mutant.end}-${mutant.statement}`
    const site = sites.get(key) ?? { ...mutant, first: first + i, others: [] }
    site.others.push(mutant.replacement)
    sites.set(key, site)
  })
  // Mutants of one node stand together, and outer nodes come first: a stack of sites is enough.
  const ordered = [...sites.values()].sort((a, b) => a.start - b.start || b.end - a.end)
  let next = 0
  const write = (from, to) => {
    let out = ''
    let at = from
    while (next < ordered.length && ordered[next].start < to) {
      const site = ordered[next++]
      out += source.slice(at, site.start) + choose(site, write(site.start, site.end))
      at = site.end
    }
    return out + source.slice(at, to)
  }
  const switches = 'const { at: __at, is: __is } = globalThis.__mutation;'
  return `${switches}${write(0, source.length)}`
}

function choose({ first, others, statement, isAlone }, original) {
  const reached = `__at(${first}, ${first + others.length})`
  // In braces of its own, so that an `else` that follows stays with its `if`.
  if (statement) return `{ if (!${reached}) { ${original} } }`
  const chain = others.map((other, i) =>
    i === others.length - 1 ? `(${other})` : `__is(${first + i}) ? (${other}) : `,
  )
  // A line that begins with a bracket would be read as the end of the line before it.
  return `${isAlone ? 'void ' : ''}(${reached} ? (${chain.join('')}) : (${original}))`
}
