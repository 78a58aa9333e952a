// Signed requests. Spec: docs/spec/signatures.md, "Requests".
import * as p from '../../packages/protocol/dist/index.js'
import { hex } from '../operations/notation.mjs'
import { flip, spare, vectorsOf } from './vectors.mjs'
import { chan, lee, START } from './world.mjs'

const spec = 'signatures.md#requests'
const request = { method: 'PUT', url: 'https://relay.example/v1/uploads/7', body: p.utf8('hello') }

export default async function requests() {
  const { accepts, refuses, files } = vectorsOf('requests')
  const signer = { chain: chan.chain, device: chan.device.id, created: START }
  const sign = async (parts = {}) => p.signRequest({ ...request, ...signer, ...parts }, chan.device.sign)
  const headers = await sign()
  const [own, other] = [chan, lee].map(({ chain, device }) => [hex(chain), hex(device.id), hex(device.keys.sign)])
  const vector = (over = {}, ownHeaders = headers) => ({
    operation: 'requests/verify',
    spec,
    inputs: {
      method: request.method,
      url: request.url,
      body: hex(request.body),
      headers: ownHeaders,
      now: START,
      known: [own],
      ...over,
    },
  })
  const minutes = 60_000
  await accepts('request', { ...vector(), comment: 'With a body.' })
  await accepts('request-without-a-body', {
    ...vector({ method: 'GET', body: '' }, await sign({ method: 'GET', body: new Uint8Array(0) })),
    comment: 'The digest of nothing is signed too.',
  })
  await accepts('request-five-minutes-old', {
    ...vector({ now: START + 5 * minutes }),
    comment: 'Both ends are included.',
  })
  await accepts('request-five-minutes-ahead', {
    ...vector({ now: START - 5 * minutes }),
    comment: 'Both ends are included.',
  })
  const query = 'https://relay.example/tile/0?a=%20b&a='
  await accepts('request-with-a-query', {
    ...vector({ url: query }, await sign({ url: query })),
    comment: 'The whole target is signed.',
  })

  await refuses('request-too-old', 'REQUEST_EXPIRED', {
    ...vector({ now: START + 5 * minutes + 1 }),
    comment: 'A millisecond more than five minutes.',
  })
  await refuses('request-too-far-ahead', 'REQUEST_EXPIRED', {
    ...vector({ now: START - 5 * minutes - 1 }),
    comment: 'A millisecond more than five minutes.',
  })
  await refuses('request-with-another-body', 'REQUEST_DIGEST', {
    ...vector({ body: hex(p.utf8('hallo')) }),
    comment: 'Not the body that was signed.',
  })
  const digest = headers['content-digest']
  const digests = {
    'digest-of-another-algorithm': digest.replace('sha-256', 'sha-512'),
    'digest-twice': `${digest}, ${digest}`,
    'digest-without-padding': digest.replace('=:', ':'),
    'digest-in-capitals': digest.replace('sha-256', 'SHA-256'),
    'digest-empty': '',
  }
  for (const [name, value] of Object.entries(digests))
    await refuses(name, 'REQUEST_DIGEST', {
      ...vector({}, { ...headers, 'content-digest': value }),
      comment: 'One form, compared as bytes.',
    })

  const parts = {
    'request-by-another-method': { method: 'POST' },
    'request-to-another-path': { url: 'https://relay.example/v1/uploads/8' },
    'request-to-another-host': { url: 'https://other.example/v1/uploads/7' },
    'request-without-tls': { url: 'http://relay.example/v1/uploads/7' },
    'request-with-a-query-added': { url: `${request.url}?a` },
    'request-of-a-device-that-is-not-known': { known: [other] },
    'request-with-another-devices-key': { known: [[...own.slice(0, 2), other[2]]] },
    'request-in-lower-case': { method: 'put' },
    'request-with-a-fragment': { url: `${request.url}#a` },
    'request-with-a-password': { url: 'https://a:b@relay.example/v1/uploads/7' },
    'request-not-to-http': { url: 'ftp://relay.example/v1/uploads/7' },
    'request-to-a-target-not-as-serialised': { url: 'https://RELAY.example/v1/uploads/7' },
    'request-by-a-method-too-long': { method: 'A'.repeat(17) },
  }
  for (const [name, over] of Object.entries(parts))
    await refuses(name, 'REQUEST_SIGNATURE', { ...vector(over), comment: 'Not the request that was signed.' })

  /** A request that is signed soundly over a method or target in a form that is none. */
  const oddly = ({ method = request.method, url = request.url }) => {
    const parameters = headers['signature-input'].slice('sealchart='.length)
    const lines = [
      `"@method": ${method}`,
      `"@target-uri": ${url}`,
      `"content-digest": ${digest}`,
      `"@signature-params": ${parameters}`,
    ]
    const signature = chan.device.sign(p.utf8(lines.join('\n')))
    return vector({ method, url }, { ...headers, signature: `sealchart=:${p.base64(signature)}:` })
  }
  const forms = [
    'request-in-lower-case',
    'request-with-a-fragment',
    'request-with-a-password',
    'request-not-to-http',
    'request-to-a-target-not-as-serialised',
    'request-by-a-method-too-long',
  ]
  for (const name of forms)
    await refuses(`${name}-that-is-signed`, 'REQUEST_SIGNATURE', {
      ...oddly(parts[name]),
      comment: 'The signature is right; the form is not the one there is.',
    })

  const input = headers['signature-input']
  const inputs = {
    'input-with-another-label': input.replace('sealchart=', 'sig1='),
    'input-twice': `${input}, ${input}`,
    'input-with-components-in-another-order': input.replace('"@method" "@target-uri"', '"@target-uri" "@method"'),
    'input-with-a-component-more': input.replace('"content-digest"', '"content-digest" "date"'),
    'input-without-the-digest': input.replace(' "content-digest"', ''),
    'input-with-parameters-in-another-order': input.replace(/;created=(\d+);keyid="([^"]+)"/, ';keyid="$2";created=$1'),
    'input-with-an-algorithm': `${input};alg="ed25519"`,
    'input-with-a-nonce': `${input};nonce="a"`,
    'input-with-another-tag': input.replace('sealchart/v1/request', 'sealchart/v2/request'),
    'input-without-a-tag': input.replace(/;tag="[^"]+"/, ''),
    'input-with-another-time': input.replace(/created=(\d+)/, (_, seconds) => `created=${Number(seconds) + 1}`),
    'input-with-a-time-with-a-zero': input.replace('created=', 'created=0'),
    'input-with-a-fraction': input.replace(/created=(\d+)/, 'created=$1.0'),
    'input-with-ids-in-capitals': input.replace(/keyid="([^"]+)"/, (_, id) => `keyid="${id.toUpperCase()}"`),
    'input-with-a-short-id': input.replace(/keyid="../, 'keyid="'),
    'input-with-a-space': input.replace(';created', '; created'),
    'input-empty': '',
  }
  for (const [name, value] of Object.entries(inputs))
    await refuses(name, 'REQUEST_SIGNATURE', {
      ...vector({}, { ...headers, 'signature-input': value }),
      comment: 'One form, compared as bytes.',
    })

  const { signature } = headers
  const bytes = p.unbase64(signature.slice('sealchart=:'.length, -1))
  const withSignature = (value) => ({ ...headers, signature: value })
  const signatures = {
    'signature-with-another-bit': `sealchart=:${p.base64(flip(bytes, -1))}:`,
    'signature-of-63-bytes': `sealchart=:${p.base64(bytes.slice(1))}:`,
    'signature-with-another-label': signature.replace('sealchart=', 'sig1='),
    'signature-twice': `${signature}, ${signature}`,
    'signature-without-colons': signature.replaceAll(':', ''),
    'signature-with-a-spare-bit': `sealchart=:${spare(p.base64(bytes))}:`,
    'signature-in-url-base64': `sealchart=:${p.base64(bytes).replaceAll('+', '-').replaceAll('/', '_')}:`,
    'signature-empty': '',
  }
  for (const [name, value] of Object.entries(signatures))
    if (value !== signature)
      await refuses(name, 'REQUEST_SIGNATURE', {
        ...vector({}, withSignature(value)),
        comment: 'One form, compared as bytes, and a signature that verifies.',
      })
  const missing = ['content-digest', 'signature-input', 'signature']
  for (const header of missing) {
    const { [header]: _gone, ...rest } = headers
    await refuses(`request-without-${header}`, header === 'content-digest' ? 'REQUEST_DIGEST' : 'REQUEST_SIGNATURE', {
      ...vector({}, rest),
      comment: 'Not sent.',
    })
  }
  return files
}
