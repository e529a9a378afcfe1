/** HTTP for the requests that this service signs itself: one keep-alive agent a process. */
import { type ClientRequest, type IncomingMessage, Agent as PlainAgent, request as plainRequest } from 'node:http'
import { Agent, request } from 'node:https'
import { text } from 'node:stream/consumers'
import type { Post, PostAnswer } from '../../stores/lambdaInvoker.ts'
import { once } from '../once.ts'

const CONNECT_LIMIT_MS = 3_000

const secureAgent = once(() => new Agent({ keepAlive: true }))
const plainAgent = once(() => new PlainAgent({ keepAlive: true }))

/** As {@link Post} says; a connection that is not there after 3 s fails. */
export const post: Post = async (url, { headers, body, signal }): Promise<PostAnswer> => {
  const isPlain = url.protocol === 'http:'
  const options = {
    method: 'POST',
    headers: { ...headers, 'content-length': String(body.length) },
    agent: isPlain ? plainAgent() : secureAgent(),
    ...(signal && { signal }),
  }
  const asked = isPlain ? plainRequest(url, options) : request(url, options)
  const answer = await answerOf(asked, body)
  return { status: answer.statusCode ?? 0, headers: answer.headers, text: await text(answer) }
}

function answerOf(asked: ClientRequest, body: Uint8Array): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    asked.once('response', resolve).once('error', reject)
    asked.once('socket', socket => {
      if (!socket.connecting) return
      const late = setTimeout(() => asked.destroy(new Error('no connection in time')), CONNECT_LIMIT_MS)
      socket.once('connect', () => clearTimeout(late)).once('close', () => clearTimeout(late))
    })
    asked.end(body)
  })
}
