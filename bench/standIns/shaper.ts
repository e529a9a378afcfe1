/** A wire of a given speed: a TCP proxy that passes no more bytes on than a token bucket gives it. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** How fast, and where to. */
export interface ShaperSettings {
  /** `http://host:port` or https */
  target: string
  /** from the target, and to it */
  downBytesPerSecond: number
  upBytesPerSecond: number
}

const TICK_MS = 2
/** What a timer that was late may catch up: without it a busy machine makes the line slower than it says. */
const CATCH_UP_MS = 8

/** Starts it. All connections share the two buckets, as they would share a line. */
export async function start({ target, downBytesPerSecond, upBytesPerSecond }: ShaperSettings) {
  const { hostname, port } = new URL(target)
  const down = bucket(downBytesPerSecond)
  const up = bucket(upBytesPerSecond)
  const server = createServer(client => {
    const upstream = connect({ port: Number(port), host: hostname })
    const close = () => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) socket.setNoDelay(true).on('error', close).on('close', close)
    void pass(client, upstream, up)
    void pass(upstream, client, down)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const bound = typeof address === 'object' && address ? address.port : 0
  const url = `${new URL(target).protocol}//127.0.0.1:${bound}`
  return { facts: () => ({ url }) }
}

/** Its actions. */
export type ShaperActions = Awaited<ReturnType<typeof start>>

async function pass(from: Socket, to: Socket, take: (bytes: number) => Promise<void>): Promise<void> {
  try {
    for await (const chunk of from) {
      await take(chunk.length)
      if (!to.write(chunk)) await once(to, 'drain')
    }
    to.end()
  } catch {
    to.destroy()
  }
}

/** Waits until the line has carried everything before and these bytes. */
function bucket(bytesPerSecond: number): (bytes: number) => Promise<void> {
  let freeAt = 0
  return async bytes => {
    const now = performance.now()
    freeAt = Math.max(freeAt, now - CATCH_UP_MS) + (bytes / bytesPerSecond) * 1_000
    const early = freeAt - now
    // Short waits are left to add up: timers are no finer than this.
    if (early > TICK_MS) await new Promise(resolve => setTimeout(resolve, early))
  }
}
