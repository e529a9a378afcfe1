import { expect, it } from 'vitest'
import { createKey } from '../../functions/createKey.ts'
import { deleteKey } from '../../functions/deleteKey.ts'
import { listUploads } from '../../functions/listUploads.ts'
import { APP_ID, world } from '../support/world.ts'

const NEW = { body: { role: 'read', app_ids: '*' }, appId: null }

it('ends a key at once', async () => {
  await using service = await world()
  const { data } = await service.ok(createKey, NEW)
  await service.ok(listUploads, { key: data.key })
  await service.ok(deleteKey, { params: { keyId: data.key_id }, appId: null })
  expect(await service.fails(listUploads, { key: data.key })).toMatchObject({ code: 'UNAUTHORIZED' })
  expect(await service.fails(deleteKey, { params: { keyId: data.key_id }, appId: null })).toMatchObject({
    code: 'KEY_NOT_FOUND',
  })
})

it('does not know a key beyond the caller’s own grants', async () => {
  await using service = await world()
  const limited = await service.addKey({ role: 'admin', app_ids: [APP_ID] })
  const { data } = await service.ok(createKey, NEW)
  const ask = { params: { keyId: data.key_id }, appId: null, key: limited }
  expect(await service.fails(deleteKey, ask)).toMatchObject({ code: 'KEY_NOT_FOUND', status_code: 404 })
  await service.ok(listUploads, { key: data.key })
})

it.each(['x', '0123456789ABCDEF', '0123456789abcdef0'])('refuses the malformed id %s', async keyId => {
  await using service = await world()
  expect(await service.fails(deleteKey, { params: { keyId }, appId: null })).toMatchObject({ code: 'INVALID_REQUEST' })
})
