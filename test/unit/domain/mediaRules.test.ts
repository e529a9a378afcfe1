import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { extensionOf } from '../../../shared/core/fileKind.ts'
import { checkDeclaration, cleanFilename } from '../../../shared/domain/uploads/mediaRules.ts'
import { carriesStamp, stampedName } from '../../../shared/domain/uploads/sendToWeChat.ts'

const MAX_BYTES = 200

describe('a clean file name', () => {
  it.each([
    ['日落.jpg', '日落.jpg'],
    ['春节·日落（终稿）😀.jpg', '春节·日落（终稿）😀.jpg'],
    ['C:\\fakepath\\图.jpg', '图.jpg'],
    ['../../etc/passwd', 'passwd'],
    ['a"b.jpg', 'ab.jpg'],
    ['a\r\nX-Injected: 1.jpg', 'aX-Injected: 1.jpg'],
    ['nul\u0000.jpg', 'nul.jpg'],
    ['\ud800lone.jpg', 'lone.jpg'],
    ['  spaced.jpg  ', 'spaced.jpg'],
    ['e\u0301.jpg', 'é.jpg'],
    ['', ''],
    ['/', ''],
  ])('of %j is %j', (name, clean) => {
    expect(cleanFilename(name)).toBe(clean)
  })

  it('of a long Chinese name keeps whole characters and the extension within 200 bytes', () => {
    const clean = cleanFilename(`${'落'.repeat(300)}😀.jpeg`)
    expect(Buffer.byteLength(clean)).toBeLessThanOrEqual(MAX_BYTES)
    expect(clean).toMatch(/^落{60,}\.jpeg$/)
  })

  it('is harmless and stays as it is when cleaned again, for any name', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 400 }),
        fc.constantFrom('', '.jpg', '.mp4'),
        (stem, extension) => {
          const clean = cleanFilename(stem + extension)
          expect(clean).not.toMatch(/[\p{Cc}"\\/]/u)
          expect(clean.isWellFormed()).toBe(true)
          expect(cleanFilename(clean)).toBe(clean)
          if (extension && !clean.startsWith('.')) expect(extensionOf(clean)).toBe(extension.slice(1))
          if (extension) expect(Buffer.byteLength(clean)).toBeLessThanOrEqual(MAX_BYTES)
        },
      ),
      { numRuns: 2_000, seed: 20261123 },
    )
  })
})

describe('a stamped name', () => {
  const ID = '01kb0000000abcdefghjkmnpqr'
  it.each(['日落.jpg', 'a.b.c.png', '.gif'])('of %s keeps the extension last and can be found', filename => {
    const name = stampedName({ filename, upload_id: ID })
    expect(extensionOf(name)).toBe(extensionOf(filename))
    expect(carriesStamp(name, ID)).toBe(true)
    expect(carriesStamp(`images/2/2017/12/${name}`, ID)).toBe(true)
    expect(carriesStamp(name, '01kb0000000abcdefghjkmnpqs')).toBe(false)
    expect(carriesStamp(filename, ID)).toBe(false)
  })
})

describe('a declaration', () => {
  const image = { type: 'image', permanent: true, limits: 'current' } as const
  it.each(['image/jpeg', 'IMAGE/JPEG; charset=x', 'image/pjpeg', '', undefined, 'application/octet-stream'])(
    'with the content type %j is sent as image/jpeg',
    contentType => {
      expect(checkDeclaration({ filename: 'a.jpg', contentType, size: 1 }, image).contentType).toBe('image/jpeg')
    },
  )

  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])('with the extension %s is refused', extension => {
    const file = { filename: `a.${extension}`, size: 1 }
    expect(() => checkDeclaration(file, image)).toThrow(expect.objectContaining({ code: 'FILE_TYPE_NOT_ALLOWED' }))
  })
})
