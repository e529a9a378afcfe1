import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openEnvelope, pushKey, sealEnvelope } from '../../../shared/core/push/envelope.ts'
import { isPushSignature, pushSignature } from '../../../shared/core/push/pushSignature.ts'

/** The examples of WeChat's own page (wechat-api.md §6.3). */
const TOKEN = 'AAAAA'
const APP_ID = 'wxba5fad812f8e6fb9'
const KEY = pushKey('A'.repeat(43))
const ENCRYPTED =
  '+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04='
const MESSAGE =
  '{"ToUserName":"gh_97417a04a28d","FromUserName":"o9AgO5Kd5ggOC-bXrbNODIiE3bGY","CreateTime":1714112445,"MsgType":"event","Event":"debug_demo","debug_str":"hello world"}'
const REPLY = 'ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=='

describe('the examples of WeChat', () => {
  it.each([
    ['GET', ['1714036504', '1514711492'], 'f464b24fc39322e44b38aa78f5edd27bd1441696'],
    ['plain POST', ['1714037059', '486452656'], '899cf89e464efb63f54ddac96b0a0a235f53aa78'],
    ['safe POST', ['1714112445', '415670741'], '6c5c811b55cc85e0e1b54100749188c20beb3f5d'],
    ['safe POST, its body', ['1714112445', '415670741', ENCRYPTED], '046e02f8204d34f8ba5fa3b1db94908f3df2e9b3'],
    ['reply', ['1713424427', '415670741', REPLY], '1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1'],
  ])('%s has the signature that WeChat says', (_case, parts, signature) => {
    expect(pushSignature([TOKEN, ...parts])).toBe(signature)
    expect(isPushSignature(signature, [TOKEN, ...parts])).toBe(true)
  })

  it('the safe POST is opened, whose padding of 19 bytes no library takes off', () => {
    expect(openEnvelope(ENCRYPTED, { key: KEY, appId: APP_ID })?.toString()).toBe(MESSAGE)
  })

  it('the same bytes are made again from the message, and those of the reply', () => {
    const sealed = (message: string, random: string) =>
      sealEnvelope(Buffer.from(message), { key: KEY, appId: APP_ID, random: Buffer.from(random) })
    expect(sealed(MESSAGE, 'a8eedb185eb2fecf')).toBe(ENCRYPTED)
    expect(sealed('{"demo_resp":"good luck"}', '707722b803182950')).toBe(REPLY)
  })
})

describe('a signature', () => {
  it('is none in upper case, cut short, of another length or empty', () => {
    const right = pushSignature([TOKEN, '1', '2'])
    for (const wrong of [right.toUpperCase(), right.slice(1), `${right}0`, '', '签名']) {
      expect(isPushSignature(wrong, [TOKEN, '1', '2'])).toBe(false)
    }
  })

  it('is the same in whatever order its parts come, and sorts them by bytes', () => {
    expect(pushSignature(['b', 'a', '中', '😀'])).toBe(pushSignature(['😀', 'a', 'b', '中']))
    // In UTF-16 the emoji would come before the private-use character.
    expect(pushSignature(['\ue000', '😀'])).toBe('df645efbd0a2f626dc1d56a0bb0f6475a54c2b4b')
  })
})

describe('an envelope', () => {
  const random = Buffer.alloc(16, 0xa7)

  it('gives back any message, whatever its length and padding', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), message => {
        const sealed = sealEnvelope(message, { key: KEY, appId: APP_ID, random })
        expect(openEnvelope(sealed, { key: KEY, appId: APP_ID })).toEqual(Buffer.from(message))
      }),
    )
  })

  it('opens for no other app_id, and for no other key', () => {
    const sealed = sealEnvelope(Buffer.from(MESSAGE), { key: KEY, appId: APP_ID, random })
    expect(openEnvelope(sealed, { key: KEY, appId: 'wxba5fad812f8e6fb8' })).toBeUndefined()
    expect(openEnvelope(sealed, { key: KEY, appId: APP_ID.slice(0, -1) })).toBeUndefined()
    expect(openEnvelope(sealed, { key: pushKey(`${'A'.repeat(42)}Q`), appId: APP_ID })).toBeUndefined()
  })

  it('that holds anything else is none, and never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.uint8Array({ maxLength: 96 }).map(b => Buffer.from(b).toString('base64')),
        ),
        text => {
          expect(openEnvelope(text, { key: KEY, appId: APP_ID })).toBeUndefined()
        },
      ),
    )
  })

  it('whose length claims more than there is, is none', () => {
    const inner = Buffer.concat([random, Buffer.from('ffffffff', 'hex'), Buffer.from(APP_ID)])
    // Sealed as a message, then read with its first 20 bytes cut off: what is left claims 4 GiB.
    const sealed = sealEnvelope(inner, { key: KEY, appId: '', random })
    expect(openEnvelope(sealed, { key: KEY, appId: APP_ID })).toBeUndefined()
  })

  it('takes a key whose last character has bits too many', () => {
    expect(pushKey(`${'A'.repeat(42)}B`)).toEqual(pushKey('A'.repeat(43)))
    expect(() => pushKey('A'.repeat(42))).toThrow(TypeError)
  })
})
