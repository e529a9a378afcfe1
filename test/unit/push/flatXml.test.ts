import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readFlatXml } from '../../../shared/core/push/flatXml.ts'
import { readPushFields } from '../../../shared/core/push/pushFields.ts'

const fields = (text: string) => {
  const found = readFlatXml(text)
  return found && Object.fromEntries(found)
}

describe('WeChat’s XML', () => {
  it('is read with its numbers as texts', () => {
    const text = `<xml>
      <ToUserName><![CDATA[gh_866835093fea]]></ToUserName>
      <CreateTime>1714112445</CreateTime>
      <MsgId>23456789012345678</MsgId>
      <Content><![CDATA[007]]></Content>
      <Recognition><![CDATA[]]></Recognition><Format/>
    </xml>\n`
    expect(fields(text)).toEqual({
      ToUserName: 'gh_866835093fea',
      CreateTime: '1714112445',
      MsgId: '23456789012345678',
      Content: '007',
      Recognition: '',
      Format: '',
    })
  })

  it('may come with a prolog, white space and attributes', () => {
    expect(fields(' <?xml version="1.0" encoding="UTF-8"?>\r\n<xml a="1" b=\'>\'><A x="<">1</A></xml>')).toBeUndefined()
    expect(fields(' <?xml version="1.0" encoding="UTF-8"?>\r\n<xml a="1" b=\'>\'><A x="y">1</A ></xml>')).toEqual({
      A: '1',
    })
  })

  it('keeps what a fan wrote, whatever it looks like', () => {
    const written = '<!DOCTYPE a [<!ENTITY b "c">]> ]] > &lt; 你好 </xml> 😀'
    expect(fields(`<xml><Content><![CDATA[${written}]]></Content></xml>`)).toEqual({ Content: written })
    expect(fields('<xml><A><![CDATA[a]]]]><![CDATA[>b]]></A></xml>')).toEqual({ A: 'a]]>b' })
  })

  it('knows the five entities of XML and characters by number', () => {
    expect(fields('<xml><A>&lt;&amp;&gt;&quot;&apos;&#20013;&#x1F600;</A></xml>')).toEqual({ A: '<&>"\'中😀' })
  })

  it('leaves out what has elements inside, and takes the first of two', () => {
    const text = '<xml><A>1</A><B><C>2</C><D><E>3</E></D></B><A>4</A></xml>'
    expect(fields(text)).toEqual({ A: '1' })
    expect(fields(`<xml>${'<a>'.repeat(4)}${'</a>'.repeat(4)}</xml>`)).toEqual({})
    expect(fields(`<xml>${'<a>'.repeat(5)}${'</a>'.repeat(5)}</xml>`)).toBeUndefined()
  })

  it('cannot reach the prototype of anything', () => {
    expect(readFlatXml('<xml><__proto__>1</__proto__><constructor>2</constructor></xml>')?.get('__proto__')).toBe('1')
    expect(readFlatXml('<xml></xml>')?.get('toString')).toBeUndefined()
  })
})

/** Each of 64 KiB at the most; quadratic work on the long ones would outlast the test. Payloads of CVE-2026-25896, -26278, -33036, -33349, -73569 and of the older attacks they vary. */
const PAYLOADS: Record<string, string> = {
  'an external entity': '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><A>&a;</A></xml>',
  'a billion laughs': `<!DOCTYPE x [<!ENTITY a "ha">${Array.from({ length: 30 }, (_, i) => `<!ENTITY a${i} "${`&a${i - 1};`.repeat(10)}">`).join('')}]><xml><A>&a29;</A></xml>`,
  'a quadratic blow-up': `<!DOCTYPE x [<!ENTITY a "${'a'.repeat(30_000)}">]><xml><A>${'&a;'.repeat(9_000)}</A></xml>`,
  'a parameter entity': '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://169.254.169.254/"> %p;]><xml/>',
  'a second DOCTYPE, which once reset the limits': '<!DOCTYPE a><!DOCTYPE b [<!ENTITY c "d">]><xml><A>&c;</A></xml>',
  'a DOCTYPE inside': '<xml><!DOCTYPE a [<!ENTITY b "c">]><A>&b;</A></xml>',
  'an entity that shadows one of the five': '<!DOCTYPE x [<!ENTITY lt "<script>">]><xml><A>&lt;</A></xml>',
  'a DOCTYPE in lower case': '<!doctype x [<!entity a "b">]><xml><A>&a;</A></xml>',
  'an entity that nobody declared': '<xml><A>&nbsp;</A></xml>',
  'an entity with a pattern for a name': '<xml><A>&.*;</A></xml>',
  'a character that XML does not allow': '<xml><A>&#0;</A></xml>',
  'half a surrogate pair': '<xml><A>&#xD800;</A></xml>',
  'a character beyond Unicode': '<xml><A>&#x110000;</A></xml>',
  'an inclusion': '<xml xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/passwd"/></xml>',
  'a style sheet': '<?xml-stylesheet href="http://evil.test/"?><xml/>',
  'an instruction inside': '<xml><?php echo 1 ?></xml>',
  'a comment': '<xml><!-- --><A>1</A></xml>',
  'two roots': '<xml></xml><xml></xml>',
  'text outside': '<xml></xml>a',
  'no root': 'a',
  nothing: '',
  'an element that never ends': '<xml><A>1</xml>',
  'elements that cross': '<xml><A><B></A></B></xml>',
  'a CDATA that never ends': '<xml><A><![CDATA[1</A></xml>',
  'thousands of elements inside each other': '<a>'.repeat(20_000),
  'thousands of CDATAs that never end': `<xml><A>${'<![CDATA['.repeat(7_000)}`,
  'a tag of nothing but white space': `<xml><A${' '.repeat(60_000)}`,
  'thousands of attributes and no end': `<xml><A${' a="b"'.repeat(10_000)}`,
  'thousands of ampersands': `<xml><A>${'&'.repeat(60_000)}</A></xml>`,
  'a JSON text that never ends': `{"a":"${'\\"'.repeat(30_000)}`,
  'JSON inside each other': `{"a":${'['.repeat(60_000)}`,
  'lists inside each other that end': `{"a":${'['.repeat(30_000)}${']'.repeat(30_000)}}`,
  'objects inside each other that end': `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`,
  'elements inside each other that end': `${'<a>'.repeat(9_000)}${'</a>'.repeat(9_000)}`,
}

describe('what is no XML of WeChat', () => {
  it.each(Object.entries(PAYLOADS))('%s is refused', (_name, text) => {
    expect(readPushFields(text)).toBeUndefined()
  })

  it('is refused without an exception, whatever it is', () => {
    const unit = fc.constantFrom(
      '<',
      '>',
      '/',
      '!',
      '[',
      ']',
      'CDATA',
      '<xml>',
      '</xml>',
      '<a>',
      '</a>',
      '&',
      ';',
      '#',
      'lt',
      'x',
      '1',
      ' ',
      '"',
      '=',
      '?',
      '中',
    )
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 40 }), text => void readPushFields(text)),
      { numRuns: 5_000 },
    )
  })
})

describe('what is nested', () => {
  const KIB_64 = 64 * 1024
  const shell = fc.constantFrom(
    ['{"子":', '}'] as const,
    ['[', ']'] as const,
    ['{"a":"]}", "b" : ', '}'] as const,
    ['[1,[],', ']'] as const,
    ['{"\\"[":{},"x":', '}'] as const,
  )

  it('is read to a depth of ten in JSON and of five in XML', () => {
    const json = (depth: number) => `{"MsgId":1,"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`
    const xml = (depth: number) => `<xml><MsgId>1</MsgId>${'<a>'.repeat(depth - 1)}${'</a>'.repeat(depth - 1)}</xml>`
    for (const text of [json(10), xml(5)]) expect(readPushFields(text)?.get('MsgId')).toBe('1')
    for (const text of [json(11), xml(6)]) expect(readPushFields(text)).toBeUndefined()
  })

  it('more deeply is refused, whatever it is nested in, up to 64 KiB; brackets in texts do not count', () => {
    fc.assert(
      fc.property(
        fc.array(shell, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 400 }),
        (shells, times) => {
          const all = Array.from({ length: times }, () => shells).flat()
          const opening = all.map(([begin]) => begin).join('')
          const closing = all.map(([, end]) => end).reverse()
          const nested = `{"Content":"[[[[[[[[[[[[{{{","a":${opening}7${closing.join('')}}`
          fc.pre(Buffer.byteLength(nested) <= KIB_64)
          expect(readPushFields(nested.slice(0, nested.length / 2))).toBeUndefined()
          expect(readPushFields(nested)?.get('Content')).toBe(
            depthOf(JSON.parse(nested)) > 10 ? undefined : '[[[[[[[[[[[[{{{',
          )
        },
      ),
      { numRuns: 500 },
    )
  })
})

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let deepest = 0
  for (const one of Object.values(value)) deepest = Math.max(deepest, depthOf(one))
  return deepest + 1
}

describe('a push', () => {
  const NAME = fc.stringMatching(/^[A-Za-z_][\w.-]{0,9}$/)
  const TEXT = fc.string({ unit: 'grapheme' }).filter(text => !text.includes(']]>') && !text.includes('\r'))

  it('says the same in XML, in escaped XML and in JSON', () => {
    fc.assert(
      fc.property(fc.dictionary(NAME, TEXT, { noNullPrototype: true }), object => {
        const entries = Object.entries(object)
        const cdata = entries.map(([name, text]) => `<${name}><![CDATA[${text}]]></${name}>`).join('\n')
        const escapeText = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
        const escaped = entries.map(([name, text]) => `<${name}>${escapeText(text)}</${name}>`).join('')
        const wanted = new Map(entries)
        expect(readPushFields(`<xml>${cdata}</xml>`)).toEqual(wanted)
        expect(readPushFields(`<xml>${escaped}</xml>`)).toEqual(wanted)
        expect(readPushFields(JSON.stringify(object, null, 2))).toEqual(wanted)
      }),
    )
  })

  it('keeps all digits of a number in JSON', () => {
    const text = '\ufeff{"MsgId":23456789012345678,"a":-1.5e3,"Content":"12 \\"34\\" 5","x":{"y":1},"z":[1],"n":null}'
    expect(Object.fromEntries(readPushFields(text) ?? [])).toEqual({
      MsgId: '23456789012345678',
      a: '-1.5e3',
      Content: '12 "34" 5',
    })
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), id => {
        expect(readPushFields(`{"MsgId": ${id}}`)?.get('MsgId')).toBe(String(id))
      }),
    )
  })
})
