import { floeSuite } from './floe-suite.js'

floeSuite()
