import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { attachment } from '../../../shared/core/contentDisposition.ts'

/** The name as a browser reads it: `filename*` counts before `filename`. */
function nameIn(header: string): string {
  return decodeURIComponent(/; filename\*=UTF-8''([\w.~!#$&+^`|%-]*)$/.exec(header)?.[1] ?? '')
}

describe('the name of a download', () => {
  it('is Chinese for browsers and ASCII for old clients', () => {
    expect(attachment('日落 (1).jpg')).toBe(
      `attachment; filename="__ (1).jpg"; filename*=UTF-8''%E6%97%A5%E8%90%BD%20%281%29.jpg`,
    )
  })

  it('comes back as it was, whatever it is, in one line of visible ASCII', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), name => {
        const header = attachment(name)
        expect(nameIn(header)).toBe(name.toWellFormed())
        expect(header).toMatch(/^attachment; filename="[^"\\]*"; filename\*=UTF-8''[\x21-\x7e]*$/)
        expect(header).toMatch(/^[\x20-\x7e]*$/)
      }),
    )
  })
})
