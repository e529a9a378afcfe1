/** The signatures are those of the SDK, which is the oracle here. */
import { createHash, createHmac } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encoded, presignedUrl, signedHeaders } from '../../../shared/stores/sigV4.ts'

/** The SDK's interface of a hash. */
class Sha256 {
  #parts: Uint8Array[] = []
  readonly #secret: Uint8Array | undefined

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#secret = secret === undefined ? undefined : bytesOf(secret)
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#parts.push(bytesOf(data))
  }

  async digest(): Promise<Uint8Array> {
    const hash = this.#secret === undefined ? createHash('sha256') : createHmac('sha256', this.#secret)
    return hash.update(Buffer.concat(this.#parts)).digest()
  }

  reset(): void {
    this.#parts = []
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data)
  return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data)
}

const CREDENTIALS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }
const NOW = Date.UTC(2026, 10, 25, 3, 4, 5)
const credentialsOf = (sessionToken: string | undefined) => ({
  ...CREDENTIALS,
  ...(sessionToken !== undefined && { sessionToken }),
})
const tokens = fc.option(fc.string({ minLength: 1, unit: fc.constantFrom('a', 'Z', '9', '/', '+', '=') }), {
  nil: undefined,
})

describe('a signed request', () => {
  it('has the signature of the SDK, whatever its body and its path', async () => {
    const cases = fc.record({
      body: fc.uint8Array({ maxLength: 64 }),
      name: fc.stringMatching(/^[\w-]{1,20}$/),
      token: tokens,
    })
    await fc.assert(
      fc.asyncProperty(cases, async ({ body, name, token }) => {
        const credentials = credentialsOf(token)
        const path = `/2015-03-31/functions/${name}/invocations`
        const headers = { 'content-type': 'application/json', 'x-amz-invocation-type': 'Event' }
        const host = 'lambda.ap-northeast-1.amazonaws.com'
        const scope = { credentials, region: 'ap-northeast-1', service: 'lambda', now: NOW }
        const ours = signedHeaders({ method: 'POST', host, path, headers, body }, scope)
        const sdk = new SignatureV4({ credentials, region: 'ap-northeast-1', service: 'lambda', sha256: Sha256 })
        const request = {
          method: 'POST',
          protocol: 'https:',
          hostname: host,
          path,
          headers: { ...headers, host },
          body,
        }
        const theirs = await sdk.sign(request, { signingDate: new Date(NOW) })
        expect(ours).toEqual(theirs.headers)
      }),
      { numRuns: 50 },
    )
  })
})

describe('a signed address', () => {
  it('has the signature of the SDK, whatever the key and the answer’s headers', async () => {
    const texts = fc.string({
      minLength: 1,
      maxLength: 20,
      unit: fc.constantFrom('a', '海', ' ', '+', "'", '(', '!', '*', '~', '&', '=', '"'),
    })
    await fc.assert(
      fc.asyncProperty(texts, texts, tokens, async (key, disposition, token) => {
        const credentials = credentialsOf(token)
        const host = 'sucai.s3.cn-north-1.amazonaws.com.cn'
        const path = `/store/${encoded(key)}.png`
        const query = { 'response-content-disposition': disposition }
        const scope = { credentials, region: 'cn-north-1', service: 's3', now: NOW }
        const ours = new URL(presignedUrl({ origin: `https://${host}`, path, query, expiresIn: 900 }, scope))
        const sdk = new SignatureV4({
          ...{ credentials, region: 'cn-north-1', service: 's3', sha256: Sha256 },
          ...{ uriEscapePath: false, applyChecksum: false },
        })
        const request = { method: 'GET', protocol: 'https:', hostname: host, path, query, headers: { host } }
        const unsigned = { ...request, headers: { host, 'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD' } }
        const theirs = await sdk.presign(unsigned, { expiresIn: 900, signingDate: new Date(NOW) })
        expect(Object.fromEntries(ours.searchParams)).toEqual(theirs.query)
      }),
      { numRuns: 50 },
    )
  })
})
