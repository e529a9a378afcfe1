/** Cross-origin rules of a bucket, and what they allow a request. */
import { S3Error } from './s3Error.ts'
import { childrenOf, childText, readXml, type XmlElement } from './xml.ts'

/** One `CORSRule`. */
export interface CorsRule {
  origins: string[]
  methods: string[]
  headers: string[]
  exposed: string[]
  /** seconds */
  maxAge: string | undefined
}

/** What an origin asks to do. */
export interface CorsQuestion {
  origin: string
  method: string
  /** Request headers of a preflight, in lower case. */
  headers: string[]
}

/** The rules of a `CORSConfiguration`; throws `S3Error('MalformedXML')`. */
export function corsRules(xml: string): CorsRule[] {
  const rules = childrenOf(readXml(xml), 'CORSRule').map(rule => ({
    origins: texts(rule, 'AllowedOrigin'),
    methods: texts(rule, 'AllowedMethod'),
    headers: texts(rule, 'AllowedHeader').map(header => header.toLowerCase()),
    exposed: texts(rule, 'ExposeHeader'),
    maxAge: childText(rule, 'MaxAgeSeconds'),
  }))
  if (rules.length === 0 || rules.some(rule => rule.origins.length === 0 || rule.methods.length === 0)) {
    throw new S3Error('MalformedXML', 'A CORS configuration needs rules, each with an origin and a method.')
  }
  return rules
}

/** The rule for buckets without a configuration: `origins` may do what browsers need for uploads and downloads. */
export function defaultCorsRules(origins: readonly string[]): CorsRule[] {
  if (origins.length === 0) return []
  return [
    {
      origins: [...origins],
      methods: ['GET', 'HEAD', 'PUT', 'POST'],
      headers: ['*'],
      exposed: ['ETag'],
      maxAge: '600',
    },
  ]
}

/** The headers that allow what is asked, `undefined` when no rule does. */
export function corsHeaders(rules: CorsRule[], question: CorsQuestion): Record<string, string> | undefined {
  const rule = rules.find(
    candidate =>
      candidate.origins.some(pattern => fits(pattern, question.origin)) &&
      candidate.methods.includes(question.method) &&
      question.headers.every(header => candidate.headers.some(pattern => fits(pattern, header))),
  )
  if (!rule) return undefined
  const anyone = rule.origins.includes('*')
  return {
    'access-control-allow-origin': anyone ? '*' : question.origin,
    'access-control-allow-methods': rule.methods.join(', '),
    ...(question.headers.length > 0 && { 'access-control-allow-headers': question.headers.join(', ') }),
    ...(rule.exposed.length > 0 && { 'access-control-expose-headers': rule.exposed.join(', ') }),
    ...(rule.maxAge !== undefined && { 'access-control-max-age': rule.maxAge }),
    ...(!anyone && { 'access-control-allow-credentials': 'true' }),
    vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
  }
}

/** A pattern has at most one `*`, which stands for any text. */
function fits(pattern: string, value: string): boolean {
  const at = pattern.indexOf('*')
  if (at < 0) return pattern === value
  const [start, end] = [pattern.slice(0, at), pattern.slice(at + 1)]
  return value.length >= start.length + end.length && value.startsWith(start) && value.endsWith(end)
}

const texts = (element: XmlElement, name: string): string[] => childrenOf(element, name).map(child => child.text.trim())
