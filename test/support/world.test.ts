/** The world itself: what it promises to catch, it catches. */

import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { AppError } from '../../shared/core/errors.ts'
import { operation } from '../../shared/core/operation.ts'
import { canaries } from './canaries.ts'
import { parseProblem } from './problemShape.ts'
import { openAndPost } from './uploads.ts'
import { APP_ID, world } from './world.ts'

const SECRET = `secret-of-${APP_ID}-1`

const answering = (answer: unknown, error?: Error) =>
  operation({
    id: 'answering',
    method: 'GET',
    path: '/answering',
    role: 'read',
    summary: 'Answers what the test says',
    response: z.object({ known: z.string().optional() }),
    needs: ['table'],
    run: async () => {
      if (error) throw error
      return z.record(z.string(), z.string()).parse(answer)
    },
  })

describe('at its end the world complains of', () => {
  it('a secret in the log', async () => {
    const service = await world()
    service.ports.log.info('an accident', { note: `the value is ${SECRET}` })
    await expect(service[Symbol.asyncDispose]()).rejects.toThrow('leaked into a log line')
  })

  it('a secret in an answer', async () => {
    const service = await world()
    await service.ok(answering({ known: SECRET }))
    await expect(service[Symbol.asyncDispose]()).rejects.toThrow('leaked into an answer')
  })

  it('a secret in the message of an error', async () => {
    const service = await world()
    await service.fails(answering({}, new AppError('INVALID_REQUEST', `not ${SECRET}`)))
    await expect(service[Symbol.asyncDispose]()).rejects.toThrow('leaked into')
  })

  it('a token outside of its row', async () => {
    const service = await world()
    await openAndPost(service)
    await service.deliver()
    const row = await service.table.get<{ value: string }>({ pk: `TOKEN#${APP_ID}`, sk: 'token' })
    await service.table.put({ pk: 'X', sk: 'x', schemaVersion: 1, data: { copy: row?.data.value ?? 'none' } }, 0)
    await expect(service[Symbol.asyncDispose]()).rejects.toThrow('leaked into row X')
  })

  it('an API key in a row', async () => {
    const service = await world()
    await service.table.put({ pk: 'X', sk: 'x', schemaVersion: 1, data: { key: service.keys.read } }, 0)
    await expect(service[Symbol.asyncDispose]()).rejects.toThrow('leaked into row X')
  })

  it('nothing, when nothing leaked', async () => {
    const watch = canaries()
    watch.secret('a')
    watch.seen('x', 'b')
    expect(() => watch.check()).not.toThrow()
  })
})

describe('a request fails the test when', () => {
  it('a success has a field that no schema documents', async () => {
    await using service = await world()
    await expect(service.ok(answering({ unknown: 'x' }))).rejects.toThrow('documented is only')
  })

  it.each([
    ['its shape has more than is documented', { extra: 1 }],
    ['its code is of another status', { code: 'FORBIDDEN' }],
    ['its status_code is another one', { status_code: 500 }],
    ['its code is not in the table', { code: 'WHATEVER' }],
    ['it shows a stack', { message: 'Error\n    at run (/srv/x.ts:1:2)' }],
    ['its request_id is another one', { request_id: 'other' }],
  ])('a failure is not as documented: %s', (_what, change) => {
    const body = { message: 'm', status_code: 400, code: 'INVALID_REQUEST', request_id: 'r', details: {} }
    const response = new Response(null, { status: 400, headers: { 'x-request-id': 'r' } })
    expect(parseProblem(response, body)).toEqual(body)
    expect(() => parseProblem(response, { ...body, ...change })).toThrow()
  })

  it('a 503 has no Retry-After', () => {
    const body = { message: 'm', status_code: 503, code: 'WECHAT_BUSY', request_id: 'r', details: {} }
    const response = new Response(null, { status: 503, headers: { 'x-request-id': 'r' } })
    expect(() => parseProblem(response, body)).toThrow('Retry-After')
  })
})

describe('an unexpected error', () => {
  it('is a bare 500 for the caller and whole in the log', async () => {
    await using service = await world()
    const problem = await service.fails(answering({}, new TypeError('x is not a function', { cause: 'deep' })))
    expect(problem).toMatchObject({
      code: 'INTERNAL',
      message: 'Something went wrong inside the service.',
      details: {},
    })
    expect(service.lines()).toContainEqual(
      expect.objectContaining({
        level: 'error',
        operation: 'answering',
        status: 500,
        request_id: problem.request_id,
        error: expect.objectContaining({ message: 'x is not a function', cause: 'deep' }),
      }),
    )
  })

  it('that is no Error is a bare 500 too', async () => {
    await using service = await world()
    const throwing = answering({})
    const problem = await service.fails({
      ...throwing,
      run: async () => {
        throw 'a string'
      },
    })
    expect(problem).toMatchObject({ code: 'INTERNAL' })
  })
})

describe('one line of log a request', () => {
  it('tells operation, account, status and time, and no more than that', async () => {
    await using service = await world()
    await service.ok(answering({}))
    await service.fails(answering({}, new AppError('FORBIDDEN', 'no')))
    const lines = service.lines().filter(({ operation: id }) => id === 'answering')
    expect(lines).toMatchObject([
      { level: 'info', message: 'request', app_id: APP_ID, status: 200, duration_ms: 0 },
      { level: 'info', message: 'request', app_id: APP_ID, status: 403, error: { code: 'FORBIDDEN' } },
    ])
  })
})
