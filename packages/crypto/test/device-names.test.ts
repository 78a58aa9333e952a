// Names of devices: for the member's own devices, in their epoch, and for nobody else. Spec: docs/spec/keys.md, "Names of devices".
import { limits } from '@sealchart/protocol'
import { beforeAll, describe, expect, test } from 'vitest'
import { openDeviceNames, sealDeviceNames } from '../src/device-names.js'
import { ready } from '../src/sodium.js'
import { codesOfDamage, diagonal, id, matrix, secret, variants } from './places.js'
import { counted, expectCode } from './support.js'

beforeAll(ready)

const place = { network: id(1), member: id(2), epoch: 3 }
const names = [
  { device: id(4), name: 'Ward 7, desk' },
  { device: id(5), name: '手機' },
]

describe('names of devices', () => {
  test('are read as they were written, also none', async () => {
    for (const some of [names, []]) {
      const sealed = await sealDeviceNames(some, secret(6), place, counted())
      expect(await openDeviceNames(sealed, secret(6), place)).toEqual(some)
    }
  })

  test('open at their place under their secret alone, and undamaged', async () => {
    const places = variants(place, { network: id(7), member: id(8), epoch: 4 })
    const codes = await matrix(
      places,
      (at) => sealDeviceNames(names, secret(6), at, counted()),
      (sealed, at) => openDeviceNames(sealed, secret(6), at),
    )
    expect(codes).toEqual(diagonal(4, 'UNAUTHENTIC'))
    const sealed = await sealDeviceNames(names, secret(6), place, counted())
    await expectCode('UNAUTHENTIC', () => openDeviceNames(sealed, secret(9), place))
    expect(await codesOfDamage(sealed, (copy) => openDeviceNames(copy, secret(6), place), 7)).toEqual(['UNAUTHENTIC'])
  })

  test('tell their number and length in steps of 64 bytes only', async () => {
    const lengthOf = async (name: string) =>
      (await sealDeviceNames([{ device: id(4), name }], secret(6), place, counted())).length
    expect(await lengthOf('a')).toBe(await lengthOf('a'.repeat(20)))
    expect(await lengthOf('a'.repeat(60))).toBe((await lengthOf('a')) + 64)
  })

  test(`have 1 to ${limits.deviceName} characters; as many as there are devices fit, however they are written`, async () => {
    const all = (name: string, count: number = limits.devices) =>
      Array.from({ length: count }, (_, i) => ({ device: id(i), name }))
    const longest = await sealDeviceNames(all('手'.repeat(limits.deviceName)), secret(6), place, counted())
    expect(longest.length).toBeLessThanOrEqual(limits.private)
    for (const wrong of [all(''), all('a'.repeat(limits.deviceName + 1)), all('a\nb', 1), all('a', limits.devices + 1)])
      await expectCode('USAGE', () => sealDeviceNames(wrong, secret(6), place, counted()))
  })
})
