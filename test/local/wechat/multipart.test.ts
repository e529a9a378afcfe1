import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FILES, fileForm, filePart, type RawPart, rawForm, videoForm } from './forms.ts'
import { type Sent, startWire, type Wire } from './wire.ts'

const TEMPORARY = 'media/upload?type=image'
const PERMANENT = 'material/add_material?type=image'
const IN_ARTICLE = 'media/uploadimg'
const ALL = [TEMPORARY, PERMANENT, IN_ARTICLE]

let wire: Wire
beforeAll(async () => {
  wire = await startWire()
})
afterAll(() => wire.close())

const part = (disposition: string, content: Buffer | string = FILES.jpg): RawPart => ({
  headers: `Content-Disposition: form-data; ${disposition}`,
  content,
})

const NAMED = 'name="media"; filename="a.jpg"'

/** What is sent, what each of the three calls answers; 0 is success. */
const CASES: [string, Sent, { [call: string]: number }][] = [
  ['a proper form', fileForm(), { [TEMPORARY]: 0, [PERMANENT]: 0, [IN_ARTICLE]: 0 }],
  [
    'a quoted boundary',
    rawForm([filePart()], { boundaryParameter: '; boundary="----x7"' }),
    { [TEMPORARY]: 41005, [PERMANENT]: 41005, [IN_ARTICLE]: 41005 },
  ],
  [
    'no boundary parameter, which the server recovers',
    rawForm([filePart()], { boundaryParameter: '' }),
    { [TEMPORARY]: 0, [PERMANENT]: 0, [IN_ARTICLE]: 0 },
  ],
  [
    'another boundary than the header says',
    rawForm([filePart()], { boundaryParameter: '; boundary=----x8' }),
    { [TEMPORARY]: 41005, [PERMANENT]: 41005, [IN_ARTICLE]: 41005 },
  ],
  [
    'the mere beginning of the boundary in the header',
    rawForm([filePart()], { boundaryParameter: '; boundary=----x' }),
    { [TEMPORARY]: 41005, [PERMANENT]: 41005, [IN_ARTICLE]: 41005 },
  ],
  [
    'blanks behind the delimiter',
    { ...fileForm(), body: Buffer.concat([Buffer.from('------x7  '), Buffer.from(fileForm().body ?? '').subarray(8)]) },
    { [TEMPORARY]: 41005, [PERMANENT]: 41005, [IN_ARTICLE]: 41005 },
  ],
  [
    'no closing delimiter',
    rawForm([filePart()], { end: '' }),
    { [TEMPORARY]: 41005, [PERMANENT]: 41005, [IN_ARTICLE]: 41005 },
  ],
  ['no filename', rawForm([part('name="media"')]), { [TEMPORARY]: 41005, [PERMANENT]: 41005, [IN_ARTICLE]: 41005 }],
  [
    'an empty filename',
    rawForm([part('name="media"; filename=""')]),
    { [TEMPORARY]: 41005, [PERMANENT]: 41005, [IN_ARTICLE]: 41005 },
  ],
  [
    'filename* alone',
    rawForm([part(`name="media"; filename*=utf-8''%E5%9B%BE.jpg`)]),
    { [TEMPORARY]: 41005, [PERMANENT]: 41005, [IN_ARTICLE]: 41005 },
  ],
  [
    'filename* beside filename',
    rawForm([part(`${NAMED}; filename*=utf-8''%E5%9B%BE.jpg`)]),
    { [TEMPORARY]: 0, [PERMANENT]: 0, [IN_ARTICLE]: 0 },
  ],
  [
    'an unquoted name',
    rawForm([part('name=media; filename="a.jpg"')]),
    { [TEMPORARY]: 0, [PERMANENT]: 41005, [IN_ARTICLE]: 0 },
  ],
  [
    'an unquoted filename',
    rawForm([part('name="media"; filename=a.jpg')]),
    { [TEMPORARY]: 41005, [PERMANENT]: 0, [IN_ARTICLE]: 41005 },
  ],
  [
    'another field name',
    rawForm([part('name="file"; filename="a.jpg"')]),
    { [TEMPORARY]: 0, [PERMANENT]: 41005, [IN_ARTICLE]: 0 },
  ],
  ['an empty file', rawForm([part(NAMED, '')]), { [TEMPORARY]: 41005, [PERMANENT]: 41005, [IN_ARTICLE]: 41005 }],
  ['no parts at all', rawForm([]), { [TEMPORARY]: 41005, [PERMANENT]: 41005, [IN_ARTICLE]: 41005 }],
  [
    'a body that is no form',
    { headers: { 'Content-Type': 'image/jpeg' }, body: FILES.jpg },
    { [TEMPORARY]: 41005, [PERMANENT]: 47001, [IN_ARTICLE]: 41005 },
  ],
  [
    'an empty body',
    { headers: { 'Content-Type': 'multipart/form-data; boundary=----x7' }, body: '' },
    { [TEMPORARY]: 41005, [PERMANENT]: 41005, [IN_ARTICLE]: 41005 },
  ],
  [
    'bare line feeds',
    { headers: fileForm().headers ?? {}, body: String(fileForm().body).replaceAll('\r\n', '\n') },
    { [TEMPORARY]: 41005, [PERMANENT]: 41005, [IN_ARTICLE]: 41005 },
  ],
]

const TABLE = CASES.flatMap(([what, sent, answers]) => ALL.map(call => ({ what, sent, call, errcode: answers[call] })))

describe('multipart', () => {
  it.each(TABLE)('$what: $call answers $errcode', async ({ sent, call, errcode }) => {
    expect((await wire.calls.send(call, sent))['errcode'] ?? 0).toBe(errcode)
  })

  it('refuses with 41005 and the recorded text', async () => {
    const { errmsg } = await wire.calls.send(PERMANENT, rawForm([part('name="media"')]))
    expect(errmsg).toMatch(/^media data missing hint: \[\] rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$/)
  })

  it('keeps each byte of a file that looks like the delimiter', async () => {
    const content = Buffer.concat([FILES.jpg, Buffer.from('\r\n------x6\r\n--\r\n-----x7\r\n\r\n'), FILES.png])
    const id = await wire.calls.id(PERMANENT, fileForm('像.jpg', content))
    const reply = await wire.calls.raw('material/get_material', {
      method: 'POST',
      body: JSON.stringify({ media_id: id }),
    })
    expect(reply.body.equals(content)).toBe(true)
  })

  it('keeps quotes, semicolons and raw UTF-8 of a file name', async () => {
    await wire.calls.id(PERMANENT, fileForm('目录/“图”; a\\"b=c.jpg'))
    const list = await wire.calls.post('material/batchget_material', { type: 'image', offset: 0, count: 1 })
    expect(list).toMatchObject({ item: [{ name: '目录/“图”; a"b=c.jpg' }] })
  })

  it('refuses a body over 25 MiB with 45001', async () => {
    const content = Buffer.concat([FILES.jpg, Buffer.alloc(25 * 1024 * 1024)])
    expect(await wire.calls.send(PERMANENT, fileForm('大.jpg', content))).toMatchObject({ errcode: 45001 })
  })
})

describe('a permanent video', () => {
  const VIDEO = 'material/add_material?type=video'
  const details = async (id: string) => wire.calls.post('material/get_material', { media_id: id })

  it('needs its description', async () => {
    expect(await wire.calls.send(VIDEO, fileForm('a.mp4', FILES.mp4))).toMatchObject({ errcode: 41005 })
    expect(await wire.calls.send(VIDEO, videoForm(''))).toMatchObject({ errcode: 41005 })
    expect(await wire.calls.send(VIDEO, videoForm('no json'))).toMatchObject({ errcode: 47001 })
    expect(await wire.calls.send(VIDEO, videoForm('[]'))).toMatchObject({ errcode: 47001 })
  })

  it('shows raw UTF-8 as sent, and \\u escapes literally', async () => {
    const plain = await wire.calls.id(VIDEO, videoForm('{"title":"标题\\n\\"甲\\"","introduction":"简介"}'))
    expect(await details(plain)).toMatchObject({ title: '标题\n"甲"', description: '简介' })
    const escaped = await wire.calls.id(VIDEO, videoForm('{"title":"\\u6807\\u9898","introduction":"\\\\u0041"}'))
    expect(await details(escaped)).toMatchObject({ title: '\\u6807\\u9898', description: '\\u0041' })
  })

  it('may bring its description in the query string', async () => {
    const query = encodeURIComponent('{"title":"标题","introduction":"简介"}')
    const id = await wire.calls.id(`${VIDEO}&description=${query}`, fileForm('a.mp4', FILES.mp4))
    expect(await details(id)).toMatchObject({ title: '标题', description: '简介' })
  })
})

describe('a chunked body', () => {
  it.each([
    'media/upload?type=image',
    'material/add_material?type=image',
    'media/uploadimg',
    'material/batchget_material',
    'stable_token',
  ])('answers 412 and nothing to %s, and nothing is accepted', async path => {
    await wire.calls.accessToken()
    const before = wire.control.ledger().length
    const reply = await wire.calls.raw(path, { method: 'POST', ...fileForm(), chunked: true })
    expect({ status: reply.status, body: reply.body.length }).toEqual({ status: 412, body: 0 })
    expect(wire.control.ledger().length).toBe(before)
  })
})
