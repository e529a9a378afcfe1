import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { exchange, jsonOf, startWire, type Wire } from './wire.ts'

let wire: Wire
beforeEach(async () => {
  wire = await startWire()
})
afterEach(() => wire.close())

const COUNT = { voice_count: 0, video_count: 0, image_count: 0, news_count: 0 }
const count = async (query: string) => jsonOf(await exchange(`${wire.url}/cgi-bin/material/get_materialcount${query}`))

describe('the open interface service', () => {
  it('is off until it is turned on: then neither another token nor none is taken', async () => {
    expect(await count('?cloudbase_access_token=cloud-1')).toMatchObject({ errcode: 40001 })
    expect(await count('')).toMatchObject({ errcode: 41001 })
  })

  it('takes its own token in the place of an access_token, and no other', async () => {
    const { appId } = wire.account
    wire.control.setSidecar({ appId, token: 'cloud-1', open: false })
    expect(await count('?cloudbase_access_token=cloud-1')).toEqual(COUNT)
    expect(await count('?cloudbase_access_token=cloud-2')).toMatchObject({ errcode: 40001 })
    expect(await count('?access_token=cloud-1')).toMatchObject({ errcode: 40014 })
    expect(await count('')).toMatchObject({ errcode: 41001 })
  })

  it('signs calls without a token when it is open, for its account', async () => {
    const body = JSON.stringify({ app_id: wire.account.appId, token: 'cloud-1', open: true })
    await exchange(`${wire.url}/_control/sidecar`, { method: 'PUT', body })
    expect(await count('')).toEqual(COUNT)
    expect(wire.control.calls().calls.at(-1)).toMatchObject({ app_id: wire.account.appId, errcode: 0 })
    await exchange(`${wire.url}/_control/sidecar`, { method: 'DELETE' })
    expect(await count('')).toMatchObject({ errcode: 41001 })
  })
})
