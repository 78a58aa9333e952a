import { packageTests } from '../../vitest.shared.mjs'

// The pool's threads run JavaScript: its tests start the built one.
const apart = ['src/pool-node.ts', 'src/pool-worker-node.ts']

export default packageTests(import.meta.url, { branches: 95, apart })
