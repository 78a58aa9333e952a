// A plugin of the server that serves the browser tests: an answer that goes on, as a relay's stream of notices does. It says more when
// another request asks for it, so that nothing but a body that is read while it comes can pass the test.
const STREAM = '/__stream'

/** Two frames of a stream: nothing after 7, and nothing after 8. */
const frames = [7, 8].map((after) => Uint8Array.of(0, 0, 0, 4, 0x83, after, 0x80, 0xf4))

export const serveStream = {
  name: 'a-stream',
  configureServer({ middlewares }) {
    const open = new Set()
    middlewares.use(STREAM, (request, response) => {
      if (request.method === 'POST') {
        open.add(response)
        response.on('close', () => open.delete(response))
        response.writeHead(200, { 'content-type': 'application/octet-stream' }).write(frames[0])
        return
      }
      if (request.url.endsWith('more')) for (const one of open) one.write(frames[1])
      response.end(String(open.size))
    })
  },
}
