import { describe, expect, it } from 'vitest'
import { listUploads } from '../../functions/listUploads.ts'
import { fileBytes } from '../support/files.ts'
import { open, openAndPost } from '../support/uploads.ts'
import { type World, world } from '../support/world.ts'

const idsOf = (answer: { data: { upload_id: string }[] }): string[] => answer.data.map(({ upload_id }) => upload_id)

/** Opens `count` uploads, one each second; the newest first. */
async function openMany(service: World, count: number): Promise<string[]> {
  const ids: string[] = []
  for (let at = 0; at < count; at++) {
    ids.unshift((await open(service)).uploadId)
    await service.clock.advance(1_000)
  }
  return ids
}

describe('the list', () => {
  it('is empty at first', async () => {
    await using service = await world()
    expect(await service.ok(listUploads, { key: service.keys.read })).toEqual({ data: [], next_cursor: null })
  })

  it('shows the newest 20 first and goes on by cursor to the end', async () => {
    await using service = await world()
    const ids = await openMany(service, 45)
    const first = await service.ok(listUploads)
    const second = await service.ok(listUploads, { query: { cursor: first.next_cursor ?? '' } })
    const third = await service.ok(listUploads, { query: { cursor: second.next_cursor ?? '', limit: '100' } })
    expect([first, second, third].map(page => page.data.length)).toEqual([20, 20, 5])
    expect([...idsOf(first), ...idsOf(second), ...idsOf(third)]).toEqual(ids)
    expect(third.next_cursor).toBeNull()
  })

  it('holds only its own account’s uploads', async () => {
    await using service = await world()
    await service.addAccount('wxaaaaaaaaaaaaaaaa')
    await open(service)
    expect(await service.ok(listUploads, { appId: 'wxaaaaaaaaaaaaaaaa' })).toMatchObject({ data: [] })
  })

  it('of one state is the failure inbox', async () => {
    await using service = await world()
    await openMany(service, 3)
    const bad = await open(service)
    await service.post(bad, fileBytes('png', bad.bytes.length), 'image/jpeg')
    await service.deliver()
    await openAndPost(service)
    await service.deliver()
    expect(idsOf(await service.ok(listUploads, { query: { state: 'REJECTED' } }))).toEqual([bad.uploadId])
    expect(idsOf(await service.ok(listUploads, { query: { state: 'CREATED' } }))).toHaveLength(3)
    expect(idsOf(await service.ok(listUploads, { query: { state: 'UNKNOWN' } }))).toEqual([])
  })
})

describe('bad input', () => {
  it.each([
    ['an unknown state', { state: 'DONE' }],
    ['limit 0', { limit: '0' }],
    ['limit 101', { limit: '101' }],
    ['half a limit', { limit: '1.5' }],
    ['a limit that is no number', { limit: 'many' }],
    ['an empty cursor', { cursor: '' }],
    ['a made-up cursor', { cursor: 'AAAA' }],
    ['a cursor that is no base64', { cursor: '日落' }],
    ['a cursor of another account', { cursor: Buffer.from('["UPL#wxaaaaaaaaaaaaaaaa","x"]').toString('base64url') }],
  ])('%s is refused', async (_what, query) => {
    await using service = await world()
    expect(await service.fails(listUploads, { query })).toMatchObject({ code: 'INVALID_REQUEST', status_code: 400 })
  })

  it.each([
    ['no key', null, 401],
    ['a wrong key', 'sucai_wrong', 401],
  ])('%s is refused', async (_what, key, status) => {
    await using service = await world()
    expect(await service.fails(listUploads, { key })).toMatchObject({ status_code: status })
  })
})
