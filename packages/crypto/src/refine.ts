// One more condition on a structure of @sealchart/protocol. Spec: docs/spec/sections.md. The structure's own checks come first.
import { ProtocolError, type Shape } from '@sealchart/protocol'

/** The shape, with DECODE_SHAPE for values that do not pass `test`. */
export const refine = <T>(shape: Shape<T>, test: (value: T) => boolean, expected: string): Shape<T> => ({
  decode(value, at) {
    const decoded = shape.decode(value, at)
    if (!test(decoded)) throw new ProtocolError('DECODE_SHAPE', `${at}: expected ${expected}`)
    return decoded
  },
  encode: (value) => shape.encode(value),
})
