// The script of one verifying thread: one question, one answer, and its end.
import { parentPort, workerData } from 'node:worker_threads'
import { isSigned, ready } from '@sealchart/protocol'
import type { Question } from './verifier-node.js'

const { network, entries } = workerData as Question
await ready()
parentPort?.postMessage(entries.map((entry) => isSigned(entry, network)))
