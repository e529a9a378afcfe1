import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeText, encodeJson, parseJson } from '../../../shared/wechat/json.ts'

describe('encodeJson', () => {
  it('writes Chinese and HTML as raw UTF-8', () => {
    const bytes = encodeJson({ title: '标题 <b>“引号”</b> 😀' })
    expect(bytes.equals(Buffer.from('{"title":"标题 <b>“引号”</b> 😀"}', 'utf8'))).toBe(true)
  })

  it('never writes a \\u escape, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        const written = encodeJson({ text: text.replaceAll('\\', '') }).toString('utf8')
        expect(written).not.toMatch(/\\u/)
        expect(JSON.parse(written)).toHaveProperty('text')
      }),
      { numRuns: 2_000 },
    )
    expect(encodeJson('a\u0001b\nc\ud800').toString()).toBe('"ab\\nc\ufffd"')
  })
})

describe('parseJson', () => {
  it('reads what strict JSON reads, unchanged', () => {
    const pretty = JSON.stringify({ name: '图 "\\" \u0001', list: [1, { a: '\n' }] }, null, 2)
    expect(parseJson(pretty)).toEqual(JSON.parse(pretty))
  })

  it('reads raw control characters inside strings, also in pretty-printed JSON', () => {
    expect(parseJson('{\r\n\t"name": "a\u0001b\nc\\"\u0002",\n\t"n": 1\n}')).toEqual({
      name: 'a\u0001b\nc"\u0002',
      n: 1,
    })
  })

  it('gives the same values for any texts whose control characters are written raw', () => {
    const unit = fc.constantFrom('a', '\\', '"', '\u0000', '\u001f', '\n', '中', '{', ',')
    fc.assert(
      // Values only: V8 of Node 24 mixes up escaped keys in JSON.parse, and WeChat's keys have no escapes.
      fc.property(fc.array(fc.string({ unit })), list => {
        expect(parseJson(`{"list":[${list.map(rawString).join(',\n')}]}`)).toEqual({ list })
      }),
      { numRuns: 1_000 },
    )
  })

  it('gives undefined for what is no JSON', () => {
    for (const text of ['', '<html>', '{"a":', 'null', '{"a":1}}']) expect(parseJson(text)).toBeUndefined()
  })
})

describe('decodeText', () => {
  it('replaces broken UTF-8 and drops a byte order mark', () => {
    expect(decodeText(Buffer.from('efbbbf7bf09f98', 'hex'))).toBe('{\ufffd')
  })
})

/** A JSON string with only the escapes it cannot do without: control characters stay as they are. */
const rawString = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
