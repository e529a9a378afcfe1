import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../../shared/core/errors.ts'
import { redact, redactText } from '../../../shared/core/redact.ts'
import { jsonLog } from '../../../shared/hosts/jsonLog.ts'

const CANARY = 'CNRY-5f0d1c2b3a494857'
const KEY = `sucai_${'Ab1-_'.repeat(8)}abc`

describe('a secret under any nesting', () => {
  const names = fc.constantFrom(
    'access_token',
    'secret',
    'appSecret',
    'app_secret',
    'authorization',
    'Authorization',
    'apiKey',
    'api_key',
    'x-api-key',
    'encoding_aes_key',
    'aesKey',
    'password',
    'cookie',
    'set-cookie',
    'signature',
    'X-Amz-Signature',
    'Policy',
    'sealed_secret',
    'refresh_token',
    'token',
  )
  const texts = fc.constantFrom(
    `https://api.weixin.qq.com/cgi-bin/x?access_token=${CANARY}&type=image`,
    `GET /cgi-bin/token?appid=wx&secret=${CANARY}`,
    `{"access_token":"${CANARY}","expires_in":7200}`,
    JSON.stringify(JSON.stringify({ body: JSON.stringify({ access_token: CANARY }) })),
    `{ "secret" : "${CANARY}" }`,
    `Authorization: Bearer ${CANARY}`,
    `?X-Amz-Credential=${CANARY}&X-Amz-Signature=${CANARY}`,
  )
  const leaf = fc.oneof(
    fc
      .tuple(names, fc.constantFrom<unknown>(CANARY, [CANARY], { value: CANARY }, 7))
      .map(([name, value]) => ({ [name]: value })),
    texts,
    texts.map(text => new Error(text)),
    texts.map(text => new AppError('INTERNAL', 'x', {}, { cause: new Error(text) })),
    texts.map(text => new TypeError('x', { cause: { [`header`]: text } })),
    fc.constant(Buffer.from(CANARY)),
    fc.anything(),
  )
  const nested = fc.letrec<{ tree: unknown }>(tie => ({
    tree: fc.oneof(
      { depthSize: 'medium' },
      leaf,
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(fc.string(), tie('tree'), { maxKeys: 4 }),
      tie('tree').map(cause => new Error('outer', { cause })),
    ),
  })).tree

  it('is in no log line', () => {
    fc.assert(
      fc.property(nested, value => {
        const lines: string[] = []
        jsonLog('debug', line => lines.push(line)).error('something', { value })
        expect(lines).toHaveLength(1)
        expect(lines.join('')).not.toContain(CANARY)
      }),
      { numRuns: 2_000, seed: 20261123 },
    )
  })

  it('would be seen if nothing were redacted (the twin)', () => {
    const leaks = fc.sample(nested, { numRuns: 200, seed: 1 }).filter(value => JSON.stringify(value)?.includes(CANARY))
    expect(leaks.length).toBeGreaterThan(10)
  })
})

describe('redacting', () => {
  it('blanks API keys wherever they stand', () => {
    expect(redactText(`key ${KEY}.`)).toBe('key [redacted].')
    expect(JSON.stringify(redact({ note: ['x', KEY] }))).not.toContain(KEY)
  })

  it('leaves no half of a key at the end of a long text', () => {
    for (let cut = 0; cut < KEY.length; cut++) {
      const text = `${'x'.repeat(4_000 - cut)} ${KEY}`
      expect(redactText(text)).not.toContain(KEY.slice(0, 12))
    }
  })

  it('keeps what is no secret', () => {
    const fields = {
      app_id: 'wx0123456789abcdef',
      upload_id: '01k',
      status: 200,
      tokens: 3,
      nothing: null,
      missing: undefined,
    }
    expect(redact(fields)).toEqual(fields)
  })

  it('shows errors with code, cause and what WeChat said', () => {
    const error = new AppError(
      'WECHAT_QUOTA',
      'Too many.',
      {},
      { wechat: { errcode: 45009, errmsg: '满' }, cause: new Error('under') },
    )
    expect(redact({ error })).toMatchObject({
      error: {
        name: 'AppError',
        code: 'WECHAT_QUOTA',
        wechat: { errcode: 45009, errmsg: '满' },
        cause: { message: 'under' },
      },
    })
  })

  it('ends on what refers to itself', () => {
    const loop: Record<string, unknown> = { name: 'loop' }
    loop['self'] = loop
    const error = new Error('x')
    error.cause = error
    expect(JSON.stringify(redact({ loop, error })).length).toBeLessThan(100_000)
  })

  it('is bounded', () => {
    expect(String(redact('x'.repeat(100_000))).length).toBeLessThan(5_000)
    expect(redact(Array.from({ length: 1_000 }, () => 1))).toHaveLength(50)
    expect(redact(Buffer.alloc(10_000))).toBe('[10000 bytes]')
    expect(redact({ big: 10n ** 20n })).toEqual({ big: '100000000000000000000' })
  })

  it('survives values that cannot be read', () => {
    const hostile = {
      get boom(): string {
        throw new Error('no')
      },
    }
    const lines: string[] = []
    jsonLog('debug', line => lines.push(line)).info('x', { hostile, invalid: new Date(Number.NaN) })
    expect(lines).toHaveLength(1)
  })
})

describe('the log', () => {
  it('writes one JSON object a line, whatever the values hold', () => {
    const lines: string[] = []
    jsonLog('debug', line => lines.push(line)).info('x', { text: 'a\nb\u2028c', name: '日落' })
    expect(lines[0]).toMatch(/^\{[^\n]*\}\n$/)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'info', message: 'x', text: 'a\nb\u2028c', name: '日落' })
  })

  it('leaves out what is below its level', () => {
    const lines: string[] = []
    const log = jsonLog('warn', line => lines.push(line))
    log.debug('a')
    log.info('b')
    log.warn('c')
    log.error('d')
    expect(lines.map(line => JSON.parse(line)['message'])).toEqual(['c', 'd'])
  })
})
