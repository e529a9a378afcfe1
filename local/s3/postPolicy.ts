/** The policy of a browser upload, enforced (AWS, "Creating an HTML Form / POST Policy" of SigV4). */
import { checkScope, signatureMismatch, type Verifier } from './authenticate.ts'
import { S3Error } from './s3Error.ts'
import { ALGORITHM, hmac, parseCredential, sameSignature, signingKey } from './signature.ts'
import { isRecord } from './storedObject.ts'

/** Fields that no condition need name; `x-ignore-` is a prefix. */
const FREE_FIELDS = new Set(['policy', 'x-amz-signature', 'file', 'awsaccesskeyid', 'bucket'])
const FREE_PREFIX = 'x-ignore-'

/** What the policy says about the bytes that follow. */
export interface SizeRange {
  /** bytes */
  min: number
  /** bytes */
  max: number
}

interface FieldCondition {
  operator: 'eq' | 'starts-with'
  /** Lower case, without `$`. */
  field: string
  value: string
}

interface Policy {
  /** ms since the epoch */
  expiration: number
  fields: FieldCondition[]
  sizes: SizeRange[]
}

/**
 * Accepts a form whose `fields` (names in lower case; `bucket` and the final `key` already set) are signed,
 * not expired and exactly covered by their policy; throws `S3Error` otherwise. Returns the allowed sizes.
 */
export function checkPostPolicy(fields: Map<string, string>, verifier: Verifier): SizeRange {
  const encoded = fields.get('policy')
  if (encoded === undefined) throw new S3Error('AccessDenied', 'Access Denied')
  checkSignature(fields, encoded, verifier)
  const policy = parsePolicy(encoded)
  if (verifier.now() >= policy.expiration) throw denied('Policy expired.')
  for (const condition of policy.fields) {
    if (!holds(condition, fields.get(condition.field) ?? '')) {
      const shown = JSON.stringify([condition.operator, `$${condition.field}`, condition.value])
      throw denied(`Policy Condition failed: ${shown}`)
    }
  }
  const covered = new Set(policy.fields.map(condition => condition.field))
  const extra = [...fields.keys()].filter(
    field => !covered.has(field) && !FREE_FIELDS.has(field) && !field.startsWith(FREE_PREFIX),
  )
  if (extra.length > 0) throw denied(`Extra input fields: ${extra.join(', ')}`)
  return {
    min: Math.max(0, ...policy.sizes.map(range => range.min)),
    max: Math.min(Number.POSITIVE_INFINITY, ...policy.sizes.map(range => range.max)),
  }
}

function checkSignature(fields: Map<string, string>, encodedPolicy: string, verifier: Verifier): void {
  if (fields.get('x-amz-algorithm') !== ALGORITHM) {
    throw new S3Error('InvalidArgument', `X-Amz-Algorithm only supports "${ALGORITHM}"`)
  }
  const scope = parseCredential(fields.get('x-amz-credential') ?? '')
  if (!scope) throw new S3Error('InvalidArgument', 'The X-Amz-Credential field is malformed.')
  checkScope(scope, verifier, 'InvalidArgument')
  const right = hmac(signingKey(verifier.secretAccessKey, scope), encodedPolicy)
  if (!sameSignature(fields.get('x-amz-signature') ?? '', right)) throw signatureMismatch()
}

function parsePolicy(encoded: string): Policy {
  const document = parseJson(Buffer.from(encoded, 'base64').toString('utf8'))
  const expiration = isRecord(document) ? Date.parse(String(document['expiration'])) : Number.NaN
  if (!isRecord(document) || Number.isNaN(expiration) || !Array.isArray(document['conditions'])) {
    throw invalidPolicy('it needs an expiration and a list of conditions')
  }
  const policy: Policy = { expiration, fields: [], sizes: [] }
  for (const condition of document['conditions']) addCondition(policy, condition)
  return policy
}

function addCondition(policy: Policy, condition: unknown): void {
  if (isRecord(condition)) {
    for (const [field, value] of Object.entries(condition)) {
      if (typeof value !== 'string') throw invalidPolicy('a simple condition needs text')
      policy.fields.push({ operator: 'eq', field: field.toLowerCase(), value })
    }
    return
  }
  if (!Array.isArray(condition) || condition.length !== 3) throw invalidPolicy('a condition has three parts')
  const [operator, first, second]: unknown[] = condition
  const name = String(operator).toLowerCase()
  if (name === 'content-length-range') {
    const range = { min: Number(first), max: Number(second) }
    if (!(range.min >= 0 && range.max >= range.min)) throw invalidPolicy('content-length-range needs two sizes')
    policy.sizes.push(range)
  } else if ((name === 'eq' || name === 'starts-with') && typeof first === 'string' && typeof second === 'string') {
    policy.fields.push({ operator: name, field: first.replace(/^\$/, '').toLowerCase(), value: second })
  } else throw invalidPolicy('an operator is unknown')
}

/** A list of content types must fit in each of its members. */
function holds({ operator, field, value }: FieldCondition, actual: string): boolean {
  if (operator === 'eq') return actual === value
  const candidates = field === 'content-type' ? actual.split(',').map(each => each.trim()) : [actual]
  return candidates.every(candidate => candidate.startsWith(value))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new S3Error('InvalidPolicyDocument', 'Invalid Policy: Invalid JSON.', { cause })
  }
}

const invalidPolicy = (reason: string) => new S3Error('InvalidPolicyDocument', `Invalid Policy: ${reason}.`)

const denied = (reason: string) => new S3Error('AccessDenied', `Invalid according to Policy: ${reason}`)
