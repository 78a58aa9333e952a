import { memoryStore } from '../src/store/memory.js'
import { storeSuite } from './store-suite.js'

storeSuite('memory', async () => memoryStore())
