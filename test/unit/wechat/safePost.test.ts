/** Addresses as an operator with bad intentions would name them. "Public" is what a test says, for there is only loopback here. */
import { afterEach, describe, expect, it } from 'vitest'
import type { Lookup } from '../../../shared/wechat/guardedAgent.ts'
import { isLoopbackAddress } from '../../../shared/wechat/publicAddress.ts'
import { type SafePostOptions, safePoster } from '../../../shared/wechat/safePost.ts'
import { httpAnswer, type WireServer, wireServer } from './wireServer.ts'

const opened: { close(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close()
})

async function serverOf(answer: string | Buffer): Promise<WireServer & { port: string }> {
  const server = await wireServer(async (socket, { body }) => {
    await body()
    socket.write(answer)
  })
  opened.push(server)
  return { ...server, port: new URL(server.url).port }
}

function poster(options: SafePostOptions = {}) {
  const made = safePoster(options)
  opened.push(made)
  return (url: string, timeoutMs = 5_000) =>
    made.post({
      url,
      headers: { 'content-type': 'text/xml', 'x-sucai-app-id': 'wx0123456789abcdef' },
      body: Buffer.from('<xml>推送</xml>'),
      timeoutMs,
      signal: new AbortController().signal,
    })
}

/** A resolver that answers one address after the other. */
function resolver(...answers: string[]): Lookup {
  let asked = 0
  return (_hostname, _options, callback) =>
    callback(null, [{ address: answers[Math.min(asked++, answers.length - 1)] ?? '', family: 4 }])
}

const LOCAL: SafePostOptions = { allowHttp: true, isPublic: isLoopbackAddress }

describe('a post', () => {
  it('carries the bytes and headers as they are, with their length', async () => {
    const server = await serverOf(httpAnswer('taken', [], 202))
    expect(await poster(LOCAL)(`${server.url}/wx?tenant=%E6%B5%B7&a=1`)).toEqual({ status: 202 })
    const sent = server.requests.map(({ head, body }) => `${head}${body}`).join()
    expect(sent).toMatch(/^POST \/wx\?tenant=%E6%B5%B7&a=1 HTTP\/1\.1\r\n/)
    expect(sent).toContain(`content-length: ${Buffer.byteLength('<xml>推送</xml>')}`)
    expect(sent).toContain('<xml>推送</xml>')
  })

  it('follows no redirect', async () => {
    const inner = await serverOf(httpAnswer('', []))
    const server = await serverOf(httpAnswer('', [`Location: ${inner.url}/`], 302))
    expect(await poster(LOCAL)(server.url)).toEqual({ status: 302 })
    expect(inner.requests).toHaveLength(0)
  })

  it('that nobody answers says why, without the address', async () => {
    const server = await serverOf('')
    expect(await poster(LOCAL)(`${server.url}/?secret=CNRY`, 100)).toEqual({ failure: 'UND_ERR_HEADERS_TIMEOUT' })
    await server.close()
    expect(await poster(LOCAL)(server.url)).toEqual({ failure: 'ECONNREFUSED' })
  })
})

describe('an address inside', () => {
  it.each([
    'https://127.0.0.1/',
    'https://[::1]/',
    'https://0x7f.1/',
    'https://2130706433/',
    'https://169.254.169.254/latest/meta-data',
    'https://[::ffff:169.254.169.254]/',
    'https://10.0.0.1/',
    'http://93.184.216.34/',
    'https://user:word@93.184.216.34/',
    'file:///etc/passwd',
    'gopher://93.184.216.34/',
    'not an address',
  ])('is refused: %s', async url => {
    expect(await poster()(url)).toMatchObject({ failure: expect.stringMatching(/REFUSED_ADDRESS|ERR_INVALID_URL/) })
  })

  it('is refused under whatever name, also when the name first had a public one', async () => {
    const server = await serverOf(httpAnswer('', []))
    const isPublic = (address: string) => address === '93.184.216.34'
    for (const lookup of [resolver('127.0.0.1'), resolver('10.0.0.1')]) {
      const refused = await poster({ allowHttp: true, isPublic, lookup })(`http://consumer.test:${server.port}/`)
      expect(refused).toEqual({ failure: 'REFUSED_ADDRESS' })
    }
    expect(server.requests).toHaveLength(0)
  })

  it('is this machine only for the local stack', () => {
    expect(['127.0.0.1', '127.8.8.8', '::1'].map(isLoopbackAddress)).toEqual([true, true, true])
    expect(['128.0.0.1', '10.0.0.1', '::', '::ffff:127.0.0.1', 'localhost'].some(isLoopbackAddress)).toBe(false)
  })
})
