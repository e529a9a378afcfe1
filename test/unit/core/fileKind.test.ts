import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { extensionOf, type FileFormat, fileFormat, formatOfName, SNIFF_BYTES } from '../../../shared/core/fileKind.ts'
import { CONTENT_TYPES, fileBytes } from '../../support/files.ts'

const FORMATS = Object.keys(CONTENT_TYPES).filter((name): name is FileFormat => name in CONTENT_TYPES)
/** The fewest bytes that tell a format. */
const SHORTEST: Record<FileFormat, number> = {
  jpg: 3,
  png: 8,
  gif: 6,
  bmp: 14,
  mp3: 3,
  wav: 12,
  wma: 8,
  amr: 6,
  mp4: 8,
}

describe('the format of first bytes', () => {
  it.each(FORMATS)('is %s for a file of that format', format => {
    expect(fileFormat(fileBytes(format, 500).subarray(0, SNIFF_BYTES))).toBe(format)
  })

  it.each(FORMATS)('is %s as soon as its mark is whole, and never another before', format => {
    for (let length = 0; length <= SNIFF_BYTES; length++) {
      const found = fileFormat(fileBytes(format, 500).subarray(0, length))
      expect([length, found]).toEqual([length, length >= SHORTEST[format] ? format : undefined])
    }
  })

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['zeros', Buffer.alloc(64)],
    ['SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>')],
    ['HTML', Buffer.from('<!DOCTYPE html><script>1</script>')],
    ['PDF', Buffer.from('%PDF-1.7')],
    ['ZIP', Buffer.from('PK\u0003\u0004')],
    ['WebP', Buffer.from('RIFF\u0010\u0000\u0000\u0000WEBPVP8 ')],
    ['GIF without version', Buffer.from('GIF8;alert(1)')],
    ['text that begins like a bitmap', Buffer.from('BM is short for bitmap')],
    ['a reserved MPEG version', Buffer.from('ffea9064', 'hex')],
    ['a reserved MPEG layer', Buffer.from('fff99064', 'hex')],
    ['a bad bit rate', Buffer.from('fffbf064', 'hex')],
    ['ADTS AAC', Buffer.from('fff15080', 'hex')],
    ['UTF-16 text', Buffer.from('fffe6100', 'hex')],
    ['an ID3 in the middle', Buffer.from('xxID3')],
  ])('is none of ours for %s', (_what, head) => {
    expect(fileFormat(head)).toBeUndefined()
  })

  it.each(['fffb9064', 'fff39064', 'ffe39064', 'fffa9064'])('is mp3 for a bare MPEG frame %s', hex => {
    expect(fileFormat(Buffer.from(hex, 'hex'))).toBe('mp3')
  })

  it('is that of the bytes, whatever follows: polyglots are files of their first format', () => {
    const polyglot = Buffer.concat([Buffer.from('GIF89a/*'), Buffer.from('*/=1;alert(1)//'), fileBytes('png', 40)])
    expect(fileFormat(polyglot)).toBe('gif')
  })

  it('is told of a view into a larger buffer by the view alone', () => {
    const whole = Buffer.concat([Buffer.alloc(7), fileBytes('gif', 40), fileBytes('png', 40)])
    expect(fileFormat(whole.subarray(7, 47))).toBe('gif')
    expect(fileFormat(whole.subarray(7, 10))).toBeUndefined()
    expect(fileFormat(new Uint8Array(whole.buffer, whole.byteOffset + 47, 8))).toBe('png')
  })

  it('is found or not for any bytes, without failing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), head => {
        const found = fileFormat(head)
        expect(found === undefined || FORMATS.includes(found)).toBe(true)
      }),
    )
  })
})

describe('a name', () => {
  it.each([
    ['日落.JPG', 'jpg', 'jpg'],
    ['a.jpeg', 'jpeg', 'jpg'],
    ['a.tar.Png', 'png', 'png'],
    ['.gif', 'gif', 'gif'],
    ['a', '', undefined],
    ['a.', '', undefined],
    ['a.b/c', '', undefined],
    ['a.jpg\\x', '', undefined],
    ['a.svg', 'svg', undefined],
    ['a.jpg ', 'jpg ', undefined],
    ['a.toString', 'tostring', undefined],
  ])('%j promises %j', (name, extension, format) => {
    expect(extensionOf(name)).toBe(extension)
    expect(formatOfName(name)).toBe(format)
  })
})
