import { expect, it } from 'vitest'
import { putGrant } from '../../functions/putGrant.ts'
import { EVERYBODY, grantedCaller } from '../../shared/core/grants.ts'
import { APP_ID, type World, world } from '../support/world.ts'

const MINI_PROGRAM = 'wx0a1b2c3d4e5f6a7b'
const USER = { miniProgram: MINI_PROGRAM, openId: 'oUser-小红' }

const put = (service: World, payload: object) =>
  service.run(putGrant, { trigger: 'call', payload: { mini_program: MINI_PROGRAM, app_ids: [APP_ID], ...payload } })

it('grants to everybody of a mini program, and to one user something else', async () => {
  await using service = await world()
  expect(await put(service, { role: 'read', name: '海边' })).toMatchObject({
    grant: { mini_program: MINI_PROGRAM, openid: EVERYBODY, role: 'read', app_ids: [APP_ID], name: '海边' },
  })
  await put(service, { role: 'write', openid: USER.openId })
  expect(await grantedCaller(USER, service.table)).toMatchObject({ role: 'write', app_ids: [APP_ID] })
  expect(await grantedCaller({ ...USER, openId: 'oOther' }, service.table)).toMatchObject({ role: 'read' })
})

it('replaces a grant, and takes it away, also one that is not there', async () => {
  await using service = await world()
  await put(service, { role: 'read' })
  await put(service, { role: 'write', app_ids: '*' })
  expect(await grantedCaller(USER, service.table)).toMatchObject({ role: 'write', app_ids: '*' })
  for (let times = 0; times < 2; times++) expect(await put(service, { role: 'none' })).toEqual({ grant: null })
  await expect(grantedCaller(USER, service.table)).rejects.toMatchObject({ code: 'FORBIDDEN' })
})

it.each([{ role: 'admin' }, { role: 'read', mini_program: 'nobody' }, { role: 'read', app_ids: ['x'] }, {}])(
  'refuses %j and grants nothing',
  async payload => {
    await using service = await world()
    await expect(put(service, payload)).rejects.toThrow()
    await expect(grantedCaller(USER, service.table)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  },
)
