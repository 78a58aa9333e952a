// Labels and contexts: what keeps bytes of one purpose from fitting another. Spec: docs/spec/encoding.md, "Labels and contexts".
import { toJson } from '../operations/notation.mjs'
import { counting, vectorsOf } from './vectors.mjs'

const id = toJson(counting(0x00))

export default async function contexts() {
  const { accepts, refuses, files } = vectorsOf('contexts')
  const spec = 'encoding.md#labels-and-contexts'
  const bind = (purpose, context) => ({ operation: 'contexts/bind', spec, inputs: { purpose, context } })
  const object = (purpose, given) => ({ operation: 'contexts/object', spec, inputs: { purpose, object: given } })

  await accepts('empty-context', { ...bind('deviceSign', []), comment: 'A context without items is still an array.' })
  await accepts('slot', { ...bind('slot', [id]), comment: 'One id.' })
  await accepts('founding-slot', { ...bind('foundingSlot', [id]), comment: 'The same id behind another label.' })
  await accepts('null-network', { ...bind('entry', [null]), comment: 'A network’s own founding has no network.' })
  await accepts('trail-back-link', {
    ...bind('backLink', [id, toJson(counting(0x20)), 'trail', 7, 6]),
    comment: 'A text and numbers in a context.',
  })
  await accepts('long-context', {
    ...bind('envelope', [id, toJson(counting(0x20)), toJson(counting(0x40, 300))]),
    comment: 'A byte string whose length takes two bytes.',
  })
  await accepts('array', { ...object('entryHash', '8201f6'), comment: 'A CBOR array behind a label.' })
  await accepts('tagged', { ...object('linkHash', 'd28443'), comment: 'A COSE_Sign1 begins with its tag.' })

  const unknown = { none: '', 'other-case': 'Slot', 'label-itself': 'sealchart/v1/slot', prototype: 'constructor' }
  for (const [name, purpose] of Object.entries(unknown))
    await refuses(`purpose-${name}`, 'USAGE', {
      ...bind(purpose, [id]),
      comment: 'A purpose that is not in the table has no label, and without one a hash would fit any place.',
    })
  await refuses('object-purpose-unknown', 'USAGE', { ...object('tree', '80'), comment: 'Not in the table.' })
  const notObjects = { 'integer-0': '00', letter: '6f626a', text: '6161', bytes: '4100', 'last-below-0x80': '7f' }
  for (const [name, bytes] of Object.entries(notObjects))
    await refuses(`object-${name}`, 'USAGE', {
      ...object('entryHash', bytes),
      comment: 'What follows a label begins with a byte of 0x80 or more: this could continue another label.',
    })
  await refuses('object-empty', 'USAGE', { ...object('entryHash', ''), comment: 'Nothing at all is no object.' })
  return files
}
