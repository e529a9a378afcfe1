/** Writes an answer to the connection, with the fault that struck it. */
import type { ServerResponse } from 'node:http'
import { type Answer, jsonAnswer, plainAnswer, refusalAnswer } from './answer.ts'
import type { FaultRule } from './faults.ts'
import { Refusal } from './refusal.ts'
import type { Simulator } from './simulator.ts'

const BUSY_PAGE = '<!DOCTYPE html><html><head><meta charset="utf-8"></head><body><h1>系统繁忙</h1></body></html>'

/** What is in the way of an answer: the rule, and the signal that ends all waiting. */
export interface Obstacle {
  rule: FaultRule
  closing: AbortSignal
}

/** What went out; `undefined` when the connection was cut or left hanging. */
export type Delivered = Pick<Answer, 'status' | 'errcode'> | undefined

/**
 * Executes the call unless the fault prevents it, and sends its answer in the way the fault's kind says.
 * Rejects with the reason of `closing` when that ends a delay.
 */
export async function deliver(
  simulator: Simulator,
  response: ServerResponse,
  { execute, obstacle }: { execute: () => Answer; obstacle: Obstacle | undefined },
): Promise<Delivered> {
  response.setHeader('Date', new Date(simulator.now()).toUTCString())
  if (!obstacle) return send(response, execute())
  const { rule, closing } = obstacle
  const answer = rule.executed ? execute() : undefined
  switch (rule.kind) {
    case 'reset-before':
    case 'accept-then-reset':
      response.socket?.resetAndDestroy()
      return undefined
    case 'hang':
      return undefined
    case 'delay':
      await simulator.clock.sleep(rule.delay_ms ?? 0, closing)
      response.setHeader('Date', new Date(simulator.now()).toUTCString())
      return send(response, answer ?? execute())
    case 'truncate':
      return truncate(response, answer ?? execute())
    case 'text-plain':
      return send(response, asTextPlain(answer ?? execute()))
    case 'empty':
      return send(response, plainAnswer(200))
    case 'status':
      return send(response, plainAnswer(rule.status ?? 500))
    case 'html':
      return send(response, plainAnswer(rule.status ?? 200, BUSY_PAGE))
    case 'spurious-40001':
      return send(response, refused(simulator, new Refusal(40001)))
    case 'errcode':
      return send(response, refused(simulator, ruleRefusal(rule)))
  }
}

/** Sends an answer as it is. */
export function send(response: ServerResponse, answer: Answer): Delivered {
  response.writeHead(answer.status, answer.headers).end(answer.body)
  return { status: answer.status, errcode: answer.errcode }
}

function truncate(response: ServerResponse, answer: Answer): Delivered {
  response.writeHead(answer.status, answer.headers)
  response.write(answer.body.subarray(0, Math.floor(answer.body.length / 2)), () => response.socket?.destroy())
  return undefined
}

function asTextPlain(answer: Answer): Answer {
  const { 'Content-disposition': _, ...headers } = answer.headers
  return { ...answer, headers: { ...headers, 'Content-Type': 'text/plain' } }
}

const ruleRefusal = ({ errcode = -1, errmsg }: FaultRule): Refusal =>
  new Refusal(errcode, errmsg === undefined ? {} : { text: errmsg })

function refused({ random, now }: Simulator, refusal: Refusal): Answer {
  if (refusal.errcode === 0) return jsonAnswer({ errcode: 0, errmsg: refusal.message })
  return refusalAnswer(refusal, { random, now: now(), errmsgFirst: false })
}
