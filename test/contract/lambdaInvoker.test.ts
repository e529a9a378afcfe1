/** Calls of other functions over Lambda's Invoke API. */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { post } from '../../shared/hosts/aws/post.ts'
import { lambdaInvoker } from '../../shared/stores/lambdaInvoker.ts'
import { seededRandom } from '../support/seededRandom.ts'
import { virtualClock } from '../support/virtualClock.ts'

interface Answer {
  status: number
  headers?: Record<string, string>
  body?: string
}

const asked: { url: string | undefined; headers: IncomingHttpHeaders; body: string }[] = []
let answers: Answer[] = []
const server = createServer(async (request, response) => {
  let body = ''
  for await (const chunk of request.setEncoding('utf8')) body += chunk
  asked.push({ url: request.url, headers: request.headers, body })
  const { status, headers, body: text } = answers.shift() ?? { status: 200, body: 'null' }
  response.writeHead(status, headers).end(text)
})

beforeEach(async () => {
  asked.length = 0
  answers = []
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
})

function invoker() {
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const clock = { ...virtualClock(), sleep: async () => undefined }
  const credentials = { accessKeyId: 'AKID', secretAccessKey: 'secret', sessionToken: 'session' }
  const endpoint = `http://127.0.0.1:${port}`
  const options = { prefix: 'sucai-dev-', region: 'us-east-1', credentials, endpoint, post, clock }
  return lambdaInvoker({ ...options, random: seededRandom() })
}

it('a call sends the payload, signed, and gives the answer back', async () => {
  answers = [{ status: 200, body: '{"outcome":"海边"}' }]
  expect(await invoker().call('refreshToken', { app_id: '海' })).toEqual({ outcome: '海边' })
  expect(asked).toHaveLength(1)
  expect(asked[0]).toMatchObject({
    url: '/2015-03-31/functions/sucai-dev-refreshToken/invocations',
    body: '{"app_id":"海"}',
  })
  expect(asked[0]?.headers).toMatchObject({
    'x-amz-invocation-type': 'RequestResponse',
    'x-amz-security-token': 'session',
    authorization: expect.stringContaining('Credential=AKID/'),
  })
})

it('a hand-over is accepted without an answer', async () => {
  answers = [{ status: 202 }]
  expect(await invoker().send('forwardUpload', { app_id: 'x' })).toBeUndefined()
  expect(asked[0]?.headers['x-amz-invocation-type']).toBe('Event')
})

it('a function that failed is an error that keeps what it said for the log', async () => {
  answers = [{ status: 200, headers: { 'x-amz-function-error': 'Unhandled' }, body: '{"errorMessage":"x"}' }]
  const failure = await invoker()
    .call('refreshToken', {})
    .catch(error => error)
  expect(failure).toMatchObject({ code: 'INTERNAL', cause: { message: '{"errorMessage":"x"}' } })
  expect(asked).toHaveLength(1)
})

it('throttling and faults of Lambda are tried three times', async () => {
  answers = [{ status: 429 }, { status: 503 }, { status: 200, body: '1' }]
  expect(await invoker().call('refreshToken', {})).toBe(1)
  answers = [{ status: 500 }, { status: 500 }, { status: 500 }, { status: 200, body: '1' }]
  await expect(invoker().call('refreshToken', {})).rejects.toMatchObject({ code: 'INTERNAL' })
  expect(asked).toHaveLength(6)
})

it('a refusal is not tried again', async () => {
  answers = [{ status: 403, body: 'AccessDenied' }]
  await expect(invoker().send('forwardUpload', {})).rejects.toMatchObject({ code: 'INTERNAL' })
  expect(asked).toHaveLength(1)
})
