import type { Socket } from 'node:net'

/** Options for a connection whose bytes are read into one buffer over and over, in place of a fresh 64 KiB for each
 *  read, which costs more than all else that is done with a picture. The chunk is handed on as what `read()` gives to
 *  the `readable` event, within that event; a reader that does not take it then gets a copy by the usual way. So
 *  whoever is handed a chunk must copy what it keeps.
 *  For one plain connection at a time. */
export function directReading(): {
  readonly buffer: Uint8Array
  readonly callback: (count: number, buffer: Uint8Array) => boolean
} {
  const pending = new WeakMap<Socket, Buffer>()
  const prepared = new WeakSet<Socket>()
  const prepare = (socket: Socket) => {
    const read = socket.read.bind(socket)
    const unshift = socket.unshift.bind(socket)
    prepared.add(socket)
    socket.read = (size?: number) => {
      const chunk = size === undefined ? pending.get(socket) : undefined
      if (chunk === undefined) return read(size) as unknown
      pending.delete(socket)
      return chunk
    }
    socket.unshift = (chunk: unknown, encoding?: BufferEncoding) => {
      unshift(chunk instanceof Uint8Array ? Buffer.from(chunk) : chunk, encoding)
    }
  }
  return {
    buffer: Buffer.allocUnsafeSlow(128 * 1024),
    callback(this: unknown, count, buffer) {
      const socket = this as Socket
      if (!prepared.has(socket)) prepare(socket)
      pending.set(socket, Buffer.from(buffer.buffer, buffer.byteOffset, count))
      socket.emit('readable')
      const left = pending.get(socket)
      if (left === undefined) return true
      pending.delete(socket)
      return socket.push(Buffer.from(left))
    },
  }
}
