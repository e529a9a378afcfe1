/** Takes secrets out of whatever is about to be logged: at the sink, so that no caller can forget it. */

const SECRET_NAME =
  /secret|token$|authorization|api[-_]?key|aes[-_]?key|password|cookie|signature|policy|credential$|sealed/i
const SECRET_TEXT: [RegExp, string][] = [
  [/((?:access_token|refresh_token|secret|appsecret|x-amz-[a-z-]+|signature)=)[^&\s"'<>\\]+/gi, '$1[redacted]'],
  // Also inside JSON that stands, escaped, in a JSON string.
  [/("[\w-]*(?:token|secret|api[-_]?key|aes[-_]?key|password|signature)\\*"\s*:\s*\\*")[^"\\]*/gi, '$1[redacted]'],
  [/\bBearer +\S+/gi, 'Bearer [redacted]'],
  [/\bsucai_[\w-]{20,}/g, '[redacted]'],
]
const MAX_DEPTH = 8
const MAX_TEXT = 4_000
/** Read at most; so much more than is kept that no secret is cut in half before it is seen. */
const MAX_READ = 64_000
const MAX_ITEMS = 50

/** A copy of `value` fit for a log line: JSON-like, bounded, without secrets; errors with message, code, stack and cause. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'function' || typeof value === 'symbol') return undefined
  if (typeof value !== 'object' || value === null) return value
  if (depth >= MAX_DEPTH) return '[deep]'
  if (value instanceof Uint8Array) return `[${value.length} bytes]`
  if (value instanceof Error) return redactError(value, depth)
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map(item => redact(item, depth + 1))
  const copy: Record<string, unknown> = {}
  for (const [name, item] of entriesOf(value)) {
    copy[name] = SECRET_NAME.test(name) && item !== undefined ? '[redacted]' : redact(item, depth + 1)
  }
  return copy
}

/** `text` with everything that looks like a secret blanked, at most 4,000 characters. */
export function redactText(text: string): string {
  let out = text.slice(0, MAX_READ)
  for (const [pattern, replacement] of SECRET_TEXT) out = out.replace(pattern, replacement)
  return out.length > MAX_TEXT ? `${out.slice(0, MAX_TEXT)}…` : out
}

/** A getter that throws must not keep the rest from being logged. */
function entriesOf(value: object): [string, unknown][] {
  try {
    return Object.entries(value)
  } catch {
    return [['unreadable', true]]
  }
}

function redactError(error: Error, depth: number): Record<string, unknown> {
  const code: unknown = Reflect.get(error, 'code')
  const wechat: unknown = Reflect.get(error, 'wechat')
  return {
    name: error.name,
    message: redactText(error.message),
    ...(code !== undefined && { code }),
    ...(wechat !== undefined && { wechat: redact(wechat, depth + 1) }),
    stack: redactText(error.stack ?? ''),
    ...(error.cause !== undefined && { cause: redact(error.cause, depth + 1) }),
  }
}
