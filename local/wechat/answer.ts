/** Answers as they go over the wire. */
import type { Random } from '../../shared/ports/random.ts'
import { type Refusal, tailOf } from './refusal.ts'

/** WeChat's own spelling: `encoding`, not `charset` (wechat-api.md §0.1). */
const JSON_TYPE = 'application/json; encoding=utf-8'
const HINT_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.'
const HINT_LETTERS = 6
const HINT_DIGITS = 8

/** A whole HTTP answer. */
export interface Answer {
  status: number
  headers: Record<string, string>
  body: Buffer
  /** What the body says: 0 for success. */
  errcode: number
}

/** How a JSON answer is dressed for an account. */
export interface Dress {
  okInPayloads: boolean
  errmsgFirst: boolean
}

/** What an action answers before it is dressed. */
export type Outcome = { json: Record<string, unknown> } | { answer: Answer }

/** `{"errcode":0,"errmsg":"ok"}`, the success of commands. */
export const DONE: Outcome = { json: { errcode: 0, errmsg: 'ok' } }

/** JSON with escaped slashes and raw UTF-8, as on the wire. */
export function jsonAnswer(payload: Record<string, unknown>, errcode = 0): Answer {
  const body = Buffer.from(JSON.stringify(payload).replaceAll('/', '\\/'), 'utf8')
  return { status: 200, headers: { 'Content-Type': JSON_TYPE, 'Content-Length': String(body.length) }, body, errcode }
}

/** The answer of an action's outcome. */
export function outcomeAnswer(outcome: Outcome, dress: Dress): Answer {
  if ('answer' in outcome) return outcome.answer
  const { json } = outcome
  return jsonAnswer(dress.okInPayloads && !('errcode' in json) ? { errcode: 0, errmsg: 'ok', ...json } : json)
}

/** The answer of a refusal: HTTP 200, with the hint and rid that real texts end in. */
export function refusalAnswer(
  refusal: Refusal,
  { random, now, errmsgFirst }: { random: Random; now: number; errmsgFirst: boolean },
): Answer {
  const { errcode } = refusal
  const errmsg = `${refusal.message}${tail(refusal, random)} rid: ${rid(random, now)}`
  return jsonAnswer(errmsgFirst ? { errmsg, errcode } : { errcode, errmsg }, errcode)
}

/** An answer without JSON, such as 404 or 412. */
export function plainAnswer(status: number, body = '', contentType = 'text/html'): Answer {
  const bytes = Buffer.from(body, 'utf8')
  const headers = { 'Content-Type': contentType, 'Content-Length': String(bytes.length) }
  return { status, headers, body: bytes, errcode: 0 }
}

function tail({ errcode, index }: Refusal, random: Random): string {
  const kind = tailOf(errcode)
  if (kind === 'rid') return ''
  if (kind === 'empty-hint-rid') return ' hint: []'
  const letters = Array.from(random.bytes(HINT_LETTERS), byte => HINT_ALPHABET.charAt(byte % HINT_ALPHABET.length))
  const digits = Array.from(random.bytes(HINT_DIGITS), byte => byte % 10)
  return ` hint: [${letters.join('')}${digits.join('')}${index === undefined ? '' : `-${index}`}]`
}

function rid(random: Random, now: number): string {
  const seconds = Math.floor(now / 1000)
    .toString(16)
    .padStart(8, '0')
  const chance = Buffer.from(random.bytes(8)).toString('hex')
  return `${seconds}-${chance.slice(0, 8)}-${chance.slice(8)}`
}
