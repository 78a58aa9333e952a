// A process that holds a head lock until it is killed: node hold-head-lock.mjs DIR. It runs the built package.
import { randomBytes } from 'node:crypto'
import { openHeadLock } from '../dist/head-lock-files.js'

const lock = await openHeadLock(process.argv[2], { origin: 'log.example/test', create: true, random: randomBytes })
console.log('held')
setInterval(() => lock.latest(), 1000)
