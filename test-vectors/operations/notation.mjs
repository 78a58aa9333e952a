// How values stand in vector files: byte strings in hexadecimal, CBOR values in JSON. Described in ../README.md, "A file".

export const hex = (bytes) => Buffer.from(bytes).toString('hex')
export const hexOrNull = (bytes) => (bytes === null ? null : hex(bytes))
export const bytes = (text) => new Uint8Array(Buffer.from(text, 'hex'))
export const bytesOrNull = (text) => (text === null ? null : bytes(text))

/** A CBOR value as JSON. */
export function toJson(value) {
  if (value instanceof Uint8Array) return { bytes: hex(value) }
  return Array.isArray(value) ? value.map(toJson) : value
}

/** The inverse. */
export function fromJson(json) {
  if (Array.isArray(json)) return json.map(fromJson)
  return json !== null && typeof json === 'object' ? bytes(json.bytes) : json
}
