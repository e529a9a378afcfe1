/** A bare TCP server that records the exact bytes of each request and answers as the test says. */
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** One request as it came over the wire. */
export interface WireRequest {
  head: string
  body: Buffer
}

/** Answers a request whose head has come; `body()` waits for all of its Content-Length. */
export type Respond = (socket: Socket, request: { head: string; body(): Promise<Buffer> }, count: number) => unknown

/** A listening server; close it at the end of the test. */
export interface WireServer {
  url: string
  requests: WireRequest[]
  connections(): number
  /** Closes every connection from this side; resolves when the other side has seen it. */
  hangUp(): Promise<void>
  /** Resolves when every connection is closed. */
  quiet(): Promise<void>
  close(): Promise<void>
}

/** Text of an HTTP answer with its Content-Length. */
export const httpAnswer = (
  body: string | Buffer,
  headers: string[] = ['Content-Type: application/json'],
  status = 200,
) =>
  Buffer.concat([
    Buffer.from(
      `HTTP/1.1 ${status} X\r\n${[...headers, `Content-Length: ${Buffer.byteLength(body)}`].join('\r\n')}\r\n\r\n`,
    ),
    Buffer.from(body),
  ])

/** Starts a server on a free port of 127.0.0.1. */
export async function wireServer(
  respond: Respond,
  { accept }: { accept?: (socket: Socket) => void } = {},
): Promise<WireServer> {
  const requests: WireRequest[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer(socket => {
    connections++
    sockets.add(socket)
    socket.on('error', () => undefined)
    accept?.(socket)
    socket.on('close', () => sockets.delete(socket))
    let pending = Buffer.alloc(0)
    let current: { request: WireRequest; length: number; whole: (body: Buffer) => void } | undefined
    socket.on('data', chunk => {
      pending = Buffer.concat([pending, chunk])
      for (;;) {
        if (!current) {
          const end = pending.indexOf('\r\n\r\n')
          if (end < 0) return
          const head = pending.subarray(0, end).toString('latin1')
          pending = pending.subarray(end + 4)
          const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0)
          const request: WireRequest = { head, body: Buffer.alloc(0) }
          requests.push(request)
          const { promise, resolve } = Promise.withResolvers<Buffer>()
          current = { request, length, whole: resolve }
          void respond(socket, { head, body: () => promise }, requests.length)
        }
        current.request.body = pending.subarray(0, current.length)
        if (pending.length < current.length) return
        pending = pending.subarray(current.length)
        current.whole(current.request.body)
        current = undefined
      }
    })
  })
  const quiet = async () => {
    await Promise.all([...sockets].map(socket => new Promise(resolve => socket.once('close', resolve))))
  }
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    connections: () => connections,
    hangUp: async () => {
      for (const socket of sockets) socket.end()
      await quiet()
    },
    quiet,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
