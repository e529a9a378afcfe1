import { describe, expect, it } from 'vitest'
import { verifyCallback } from '../../functions/verifyCallback.ts'
import { pushSignature } from '../../shared/core/push/pushSignature.ts'
import { CALLBACK, setUpCallback } from '../support/callbacks.ts'
import { APP_ID, type Ask, type World, world } from '../support/world.ts'

const ECHO = '4375120948345356249'

function ask({ clock }: World, { token = CALLBACK.token, shift = 0, appId = APP_ID, echostr = ECHO } = {}): Ask {
  const timestamp = String(Math.floor(clock.now() / 1000) + shift)
  const nonce = '1514711492'
  const query = { signature: pushSignature([token, timestamp, nonce]), timestamp, nonce, echostr }
  return { params: { appId }, appId: null, key: null, query }
}

describe('the verification of the callback address', () => {
  it('answers exactly the echostr, as text that no browser takes for a page', async () => {
    await using service = await world()
    await setUpCallback(service)
    const { status, json, headers } = await service.request(verifyCallback, ask(service))
    expect([status, json]).toEqual([200, ECHO])
    expect(headers.get('content-type')).toMatch(/^text\/plain/)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    const script = await service.request(verifyCallback, ask(service, { echostr: '<script>签名</script>' }))
    expect(script.json).toBe('<script>签名</script>')
  })

  it('says back nothing to whoever does not know the token', async () => {
    await using service = await world()
    await setUpCallback(service)
    const refused = await service.fails(verifyCallback, ask(service, { token: 'canaryToken8' }))
    expect(refused).toMatchObject({ status_code: 403, code: 'CALLBACK_REFUSED', details: {} })
    expect(JSON.stringify(refused)).not.toContain(ECHO)
  })

  it.each([601, -601])('is refused %i s from now', async shift => {
    await using service = await world()
    await setUpCallback(service)
    expect(await service.fails(verifyCallback, ask(service, { shift }))).toMatchObject({ code: 'CALLBACK_REFUSED' })
    const within = ask(service, { shift: shift - Math.sign(shift) * 2 })
    expect(await service.ok(verifyCallback, within)).toBe(ECHO)
  })

  it('tells an account that is not there from one without callback by nothing', async () => {
    await using service = await world()
    const without = await service.fails(verifyCallback, ask(service))
    const nobody = await service.fails(verifyCallback, ask(service, { appId: 'wx0000000000000000' }))
    expect({ ...without, request_id: '' }).toEqual({ ...nobody, request_id: '' })
    expect(without.code).toBe('CALLBACK_REFUSED')
  })

  it('asks for its query in the usual way', async () => {
    await using service = await world()
    await setUpCallback(service)
    const problem = await service.fails(verifyCallback, { params: { appId: APP_ID }, appId: null, key: null })
    expect(problem).toMatchObject({ code: 'INVALID_REQUEST', status_code: 400 })
  })
})
