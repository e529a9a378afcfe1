import { expect, it } from 'vitest'
import { healthz } from '../../functions/healthz.ts'
import { world } from '../support/world.ts'

it('answers ok without a key and without an account', async () => {
  await using service = await world()
  expect(await service.ok(healthz, { key: null, appId: null })).toEqual({ status: 'ok' })
})

it('says nothing about accounts or WeChat', async () => {
  await using service = await world()
  service.weChatIsDown = true
  const { headers, json } = await service.request(healthz, { key: null, appId: null })
  expect(json).toEqual({ status: 'ok' })
  expect(headers.get('content-type')).toBe('application/json')
  expect(service.control.calls().total).toBe(0)
})
