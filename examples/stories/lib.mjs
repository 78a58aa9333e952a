// What the stories share: letters, reading, and what a call ends in.
import { SealchartError } from '@sealchart/client-sdk'

/** @param {string} text */
export const letter = (text) => ({ name: 'letter.txt', data: new TextEncoder().encode(text) })

/**
 * The text of one section, opened with an entry that says so.
 * @param {import('@sealchart/client-sdk').Sealchart} chart
 * @param {string} id
 * @param {string} name
 */
export async function section(chart, id, name) {
  const record = await chart.records.open(id, { purpose: 'treatment', sections: [name] })
  const [file] = record.files(name)
  return file ? new TextDecoder().decode(await file.bytes()) : 'nothing'
}

/**
 * @param {import('@sealchart/client-sdk').Sealchart} chart
 * @param {string} id
 */
export const contents = (chart, id) => section(chart, id, 'report')

/**
 * The code that a call ends in, or `allowed`.
 * @param {Promise<unknown>} call
 */
export async function outcome(call) {
  try {
    await call
    return 'allowed'
  } catch (error) {
    if (error instanceof SealchartError) return error.code
    throw error
  }
}

/**
 * @param {import('@sealchart/client-sdk').Sealchart} chart
 * @param {string} id
 */
export const opens = (chart, id) => outcome(chart.records.open(id, { purpose: 'treatment' }))
