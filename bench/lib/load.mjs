// A client that costs next to nothing, so that a loaded machine spends its time on the relay: requests are bytes before the clock
// starts, one connection each sends them one after the other, and of an answer only status and length are read.
import { once } from 'node:events'
import { connect } from 'node:net'

/** A POST as it goes over the wire. @returns {Buffer} */
export function post(url, path, body) {
  const head = `POST ${path} HTTP/1.1\r\nhost: ${new URL(url).host}\r\ncontent-length: ${body.length}\r\n\r\n`
  return Buffer.concat([Buffer.from(head, 'latin1'), body])
}

/** One connection that is kept open. `send` resolves with the status when the whole answer is there. */
export async function connection(url) {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), noDelay: true })
  await once(socket, 'connect')
  let waiting = null
  let answer = null
  socket.on('data', (chunk) => {
    answer = answer === null ? begin(chunk) : { ...answer, left: answer.left - chunk.length }
    if (answer.left > 0) return
    const { status } = answer
    answer = null
    waiting.resolve(status)
  })
  const fail = () => waiting?.reject(new Error('the relay has closed the connection'))
  socket.on('error', fail).on('close', fail)
  return {
    send: (bytes) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject }
        socket.write(bytes)
      }),
    end: () => socket.removeListener('close', fail).destroy(),
  }
}

/** Status, and how many bytes of the body are still to come. The relay's heads are short, and come in one piece. */
function begin(chunk) {
  const end = chunk.indexOf('\r\n\r\n')
  const head = chunk.latin1Slice(0, Math.max(end, 0))
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)
  if (end < 0 || length === null) throw new Error('an answer does not begin with a whole head that states its length')
  return { status: Number(head.slice(9, 12)), left: Number(length[1]) - (chunk.length - end - 4) }
}
