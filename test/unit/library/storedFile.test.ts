import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { storeFile } from '../../../shared/domain/library/storedFile.ts'
import type { BinaryMedia } from '../../../shared/ports/wechat.ts'
import { memoryObjects } from '../../../shared/stores/memoryObjects.ts'
import { fileBytes, sha256 } from '../../support/files.ts'

const SHELF = { stem: 'store/wx/material/M', name: 'M', now: 1_000, signal: new AbortController().signal }

/** A file as WeChat's answer holds it, in small pieces. */
function media(bytes: Buffer, changes: Partial<BinaryMedia> = {}): BinaryMedia {
  const pieces = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, at) => bytes.subarray(at * 7, at * 7 + 7))
  const body = Readable.from(pieces, { objectMode: false })
  return {
    kind: 'binary',
    contentType: 'application/octet-stream',
    size: bytes.length,
    filename: undefined,
    body,
    ...changes,
  }
}

describe('a file of WeChat', () => {
  it('is stored byte for byte under what its bytes are, hash and size beside it', async () => {
    const objects = memoryObjects()
    const bytes = fileBytes('png', 500)
    const stored = await storeFile(objects, media(bytes, { contentType: 'text/html', filename: '图.html' }), SHELF)
    expect(stored).toEqual({
      object_key: 'store/wx/material/M.png',
      content_type: 'image/png',
      size: 500,
      sha256: sha256(bytes),
      filename: '图.html.png',
      stored_at: 1_000,
    })
    expect(await objects.head(stored.object_key)).toMatchObject({ contentType: 'image/png', size: 500 })
  })

  it.each([
    ['of unknown size', { size: undefined }, 'M.jpg'],
    ['with a name of its own', { filename: '日落.jpg' }, '日落.jpg'],
  ])('%s is stored', async (_what, changes, filename) => {
    const objects = memoryObjects()
    const stored = await storeFile(objects, media(fileBytes('jpg'), changes), SHELF)
    expect(stored).toMatchObject({ size: 300, filename })
  })

  it.each([
    ['bare speex by its name', Buffer.from([0x1c, 0x9d, 0xff, 0x80]), { filename: 'M.speex' }, 'speex', 'audio/speex'],
    [
      'bare speex by its header',
      Buffer.from([0x1c, 0x9d, 0xff, 0x80]),
      { contentType: 'voice/speex' },
      'speex',
      'audio/speex',
    ],
    ['an Ogg', Buffer.from('OggS\x00\x02\xff', 'latin1'), {}, 'ogg', 'audio/ogg'],
    [
      'something else',
      Buffer.from([0x00, 0x01, 0xfe]),
      { contentType: 'text/html' },
      'bin',
      'application/octet-stream',
    ],
  ])('%s is told', async (_what, bytes, changes, extension, contentType) => {
    const stored = await storeFile(memoryObjects(), media(bytes, changes), SHELF)
    expect(stored).toMatchObject({ object_key: `store/wx/material/M.${extension}`, content_type: contentType })
  })

  it.each(['{"errcode":40007,"errmsg":"invalid media_id"}', ' \n{"video_url":"x"}', '\ufeff{}', '<html>', '[]', ''])(
    'is never %j, even as an attachment called jpg',
    async text => {
      const objects = memoryObjects()
      const written: string[] = []
      const watched: typeof objects = {
        ...objects,
        write: (key, ...rest) => {
          written.push(key)
          return objects.write(key, ...rest)
        },
      }
      const body = media(Buffer.from(text), { contentType: 'image/jpeg', filename: 'M.jpg' })
      await expect(storeFile(watched, body, SHELF)).rejects.toMatchObject({ code: 'WECHAT_BAD_ANSWER' })
      expect(written).toEqual([])
      expect(body.body.destroyed).toBe(true)
    },
  )

  it.each([-1, 1])('that is %i byte off what was said leaves no object and an ended source', async off => {
    const objects = memoryObjects()
    const broken = media(fileBytes('jpg'), { size: 300 + off })
    await expect(storeFile(objects, broken, SHELF)).rejects.toMatchObject({ code: 'FILE_CONTENT_MISMATCH' })
    expect(await objects.head('store/wx/material/M.jpg')).toBeUndefined()
    expect(broken.body.destroyed).toBe(true)
  })
})
