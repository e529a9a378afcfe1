/** How the agents of undici connect. */
import type { Socket } from 'node:net'
import type { buildConnector } from 'undici'
import connector from 'undici/lib/core/connect.js'
import symbols from 'undici/lib/core/symbols.js'

const CONNECT_TIMEOUT_MS = 10_000
/** undici gives TLS sockets 16 KiB, one record: reading would stop and begin again at each. */
const SOCKET = { highWaterMark: 64 * 1_024 }

/** Connects within 10 s; `options` are those of `net.connect` and `tls.connect`. */
export function connecting(options: buildConnector.BuildOptions = {}): buildConnector.connector {
  const connect = connector({ timeout: CONNECT_TIMEOUT_MS, ...SOCKET, ...options })
  return (wanted, done) =>
    connect(wanted, (...made) => {
      if (made[1]) survivesItsEnd(made[1])
      done(...made)
    })
}

interface Parser {
  paused: boolean
  shouldKeepAlive: boolean
  resume(): void
}

/**
 * A connection that ends while nobody reads its answer is an error of the answer. undici 7 throws from the socket's
 * event instead, where nobody can catch it (nodejs/undici#5360); undici 8 does not, and wants a newer Node than WeChat
 * Cloud has. These listeners are there before undici's own.
 */
function survivesItsEnd(socket: Socket & { [symbols.kParser]?: Parser | null }): void {
  const goOn = () => {
    const parser = socket[symbols.kParser]
    if (!parser?.paused) return
    parser.resume()
    // A destroyed socket's parser does not resume.
    parser.paused = false
  }
  const fail = () => {
    goOn()
    // undici takes a reset for the end of a body without length, whatever of it is missing.
    const parser = socket[symbols.kParser]
    if (parser) parser.shouldKeepAlive = true
  }
  socket.on('end', goOn).on('error', fail).on('close', goOn)
}
