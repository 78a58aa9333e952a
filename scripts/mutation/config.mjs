// What mutation testing covers, and what is left out of it for what reason.
import ts from 'typescript'

/** A run takes the tests of one package; `files` without are not changed. */
export const packages = {
  protocol: { without: [] },
  crypto: {
    // The pool's threads run the built JavaScript, which the tests of pool.ts start: a change in these sources would not reach them.
    without: ['src/pool-node.ts', 'src/pool-worker-node.ts'],
  },
}

/** Functions whose texts are for people: they end in messages. A message may be reworded; the code beside it is behaviour. */
const SPEAKING = new Set(['refuse', 'requireBytes', 'refine', 'unpack', 'decodeAs'])

/** Whether a node is the text of an error: a property `message`, an argument of a function above, or what comes after the code in `new SomeError(code, …)`. */
export function isMessage(node) {
  const { parent } = node
  const isText = ts.isStringLiteral(node) || ts.isTemplateLiteral(node)
  if (!isText || !parent) return false
  if (ts.isPropertyAssignment(parent) && parent.name.getText() === 'message') return true
  if (ts.isNewExpression(parent) && parent.expression.getText().endsWith('Error')) return parent.arguments[0] !== node
  return ts.isCallExpression(parent) && SPEAKING.has(parent.expression.getText())
}

/** Other nodes that are left as they are. */
export const apart = [
  {
    why: 'the cause of an error is for whoever debugs: no caller decides by it',
    matches: (node) => ts.isObjectLiteralExpression(node) && node.getText() === '{ cause }',
  },
]
