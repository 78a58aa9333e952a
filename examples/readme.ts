// The example of the README, whole: it is compiled and run in CI, and the README is compared with the region below.

// #region readme
import { testNetwork } from '@sealchart/testing'

const net = await testNetwork({ clinic: ['chan'], hospital: ['lee'] })
const report = { name: 'report.txt', data: new TextEncoder().encode('No stenosis.') }
const record = await net.chart('chan').records.create({ ref: 'visit-1', title: 'CT angiogram', sections: { report } })
await record.share({ with: net.person('lee'), sections: ['report'], reason: 'referral' })

const opened = await net.chart('lee').records.open(record.id, { purpose: 'treatment' })
for (const file of opened.files('report')) console.log(new TextDecoder().decode(await file.bytes()))
for await (const step of record.trail()) console.log(step.when, step.who?.name, step.what, step.text)
await net.close()
// #endregion
