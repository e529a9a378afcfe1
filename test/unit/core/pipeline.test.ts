/** What the chain does around any operation: request ids, entity tags, and the order of refusals. */
import { expect, it } from 'vitest'
import * as z from 'zod'
import { AppError } from '../../../shared/core/errors.ts'
import { operation } from '../../../shared/core/operation.ts'
import { APP_ID, world } from '../../support/world.ts'

const tagged = operation({
  id: 'tagged',
  method: 'GET',
  path: '/tagged',
  role: 'read',
  summary: 'Has an entity tag',
  response: z.object({ ifMatch: z.array(z.string()).optional() }),
  etag: () => 'a1',
  needs: [],
  run: async ({ ifMatch }) => (ifMatch ? { ifMatch: [...ifMatch] } : {}),
})

it('tags an answer and answers 304 to who has it already', async () => {
  await using service = await world()
  const first = await service.request(tagged)
  expect(first).toMatchObject({ status: 200 })
  expect(first.headers.get('etag')).toBe('"a1"')
  for (const known of ['"a1"', 'W/"a1"', '"x", "a1"', '*']) {
    const again = await service.request(tagged, { headers: { 'if-none-match': known } })
    expect(again).toMatchObject({ status: 304, json: undefined })
    expect(again.headers.get('etag')).toBe('"a1"')
    expect(again.headers.get('x-request-id')).toMatch(/^run-/)
  }
  expect(await service.request(tagged, { headers: { 'if-none-match': '"b2"' } })).toMatchObject({ status: 200 })
})

it('hands the tags of If-Match over without their quotes', async () => {
  await using service = await world()
  const { ifMatch } = await service.ok(tagged, { headers: { 'if-match': 'W/"a", "b" ,*' } })
  expect(ifMatch).toEqual(['a', 'b', '*'])
})

it('refuses in one order: key, role, name, grant, account, input', async () => {
  await using service = await world()
  const strict = operation({
    ...tagged,
    id: 'strict',
    role: 'write',
    query: z.object({ n: z.literal('1') }),
    run: async () => {
      throw new AppError('INTERNAL', 'never reached')
    },
  })
  const limited = await service.addKey({ role: 'write', app_ids: ['wxaaaaaaaaaaaaaaaa'] })
  const cases = [
    [{ key: null, appId: 'wx1' }, 'UNAUTHORIZED'],
    [{ key: service.keys.read, appId: 'wx1' }, 'FORBIDDEN'],
    [{ key: limited, appId: 'wx1' }, 'INVALID_APP_ID'],
    [{ key: limited, appId: APP_ID }, 'FORBIDDEN'],
    [{ key: limited, appId: 'wxaaaaaaaaaaaaaaaa' }, 'ACCOUNT_NOT_FOUND'],
    [{ key: service.keys.write, query: { n: '2' } }, 'INVALID_REQUEST'],
  ] as const
  for (const [ask, code] of cases) expect(await service.fails(strict, ask)).toMatchObject({ code })
})

it('logs the account of a path', async () => {
  await using service = await world()
  const path = operation({
    id: 'aboutOne',
    method: 'GET',
    path: '/one/{appId}',
    role: 'read',
    account: 'path',
    summary: 'About one account',
    response: z.object({}),
    needs: [],
    run: async () => ({}),
  })
  await service.ok(path, { params: { appId: APP_ID }, appId: null })
  expect(service.lines().at(-1)).toMatchObject({
    message: 'request',
    operation: 'aboutOne',
    app_id: APP_ID,
    status: 200,
  })
})
