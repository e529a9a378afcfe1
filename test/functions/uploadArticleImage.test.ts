import { describe, expect, it } from 'vitest'
import { getMaterialStats } from '../../functions/getMaterialStats.ts'
import { uploadArticleImage } from '../../functions/uploadArticleImage.ts'
import { fileBytes, sha256 } from '../support/files.ts'
import { multipartBody, type Part } from '../support/multipartBody.ts'
import { type Ask, world } from '../support/world.ts'

const MIB = 1024 * 1024
const png: Part = { name: 'media', filename: '插图 1.png', contentType: 'image/png', bytes: fileBytes('png', 2_000) }
const ask = (...parts: Part[]): Ask => ({ form: multipartBody(parts) })

describe('an image for articles', () => {
  it('becomes a URL, byte for byte, outside the library', async () => {
    await using service = await world()
    const { data } = await service.ok(uploadArticleImage, { ...ask(png), key: service.keys.write })
    expect(Object.keys(data)).toEqual(['url'])
    expect(data.url).toMatch(/^https?:\/\//)
    const entry = service.control.ledger().find(({ kind }) => kind === 'media/uploadimg')
    expect(entry).toMatchObject({ sha256: sha256(fileBytes('png', 2_000)), filename: '插图 1.png' })
    expect((await service.ok(getMaterialStats)).data.image_count).toBe(0)
  })

  it('may be a jpg of one byte under 1 MiB', async () => {
    await using service = await world()
    const bytes = fileBytes('jpg', MIB - 1)
    await service.ok(uploadArticleImage, ask({ ...png, filename: '图.jpg', contentType: 'image/jpeg', bytes }))
    expect(service.calls('media/uploadimg')).toBe(1)
  })

  it.each([
    ['of 1 MiB', { bytes: fileBytes('png', MIB) }, 'FILE_TOO_LARGE'],
    ['a gif', { filename: 'a.gif', contentType: 'image/gif', bytes: fileBytes('gif') }, 'FILE_TYPE_NOT_ALLOWED'],
    ['a gif called png', { bytes: fileBytes('gif') }, 'FILE_CONTENT_MISMATCH'],
    ['an mp4', { filename: 'a.mp4', contentType: 'video/mp4', bytes: fileBytes('mp4') }, 'FILE_TYPE_NOT_ALLOWED'],
    ['empty', { bytes: Buffer.alloc(0) }, 'FILE_EMPTY'],
  ])('%s is refused before WeChat is asked', async (_what, changes, code) => {
    await using service = await world()
    expect(await service.fails(uploadArticleImage, ask({ ...png, ...changes }))).toMatchObject({ code })
    expect(service.calls('media/uploadimg')).toBe(0)
  })

  it('is 429 when WeChat takes no more today', async () => {
    await using service = await world({ account: { quotas: { '/cgi-bin/media/uploadimg': 0 } } })
    expect(await service.fails(uploadArticleImage, ask(png))).toMatchObject({ code: 'WECHAT_QUOTA' })
  })
})
