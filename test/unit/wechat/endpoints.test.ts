/** Every pair of builder and judge without a network. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../../shared/core/errors.ts'
import type { ApiAnswer, ApiRequest } from '../../../shared/wechat/apiCall.ts'
import * as draft from '../../../shared/wechat/draft.ts'
import { decodeText } from '../../../shared/wechat/json.ts'
import * as material from '../../../shared/wechat/material.ts'
import * as media from '../../../shared/wechat/media.ts'
import * as news from '../../../shared/wechat/news.ts'
import { stableTokenRequest, tokenAnswer } from '../../../shared/wechat/token.ts'
import { APP_ID, answered, NOW, SECRET } from './fakes.ts'

const ARTICLE = { title: '标题 <b>', thumb_media_id: 'T', content: '<p>“正文”😀</p>', show_cover_pic: 1 } as const
const jsonOf = ({ body }: ApiRequest): string => (body instanceof Uint8Array ? decodeText(body) : '')

const JUDGES: [string, (answer: ApiAnswer) => unknown][] = [
  ['stable_token', answer => tokenAnswer('stable_token', answer)],
  ['token', answer => tokenAnswer('token', answer)],
  ['media/upload', answer => media.uploadAnswer('image', answer)],
  ['media/get', media.getMediaAnswer],
  ['media/uploadimg', media.uploadImageAnswer],
  ['material/add_material', material.addMaterialAnswer],
  ['material/get_materialcount', material.countAnswer],
  ['material/batchget_material', material.listAnswer],
  ['material/get_material', material.getMaterialAnswer],
  ['material/del_material', material.removeAnswer],
  ['material/add_news', answer => news.addedArticles('material/add_news', answer)],
  ['material/update_news', news.updateNewsAnswer],
  ['draft/add', answer => news.addedArticles('draft/add', answer)],
  ['draft/get', draft.getDraftAnswer],
  ['draft/update', answer => draft.draftDoneAnswer('draft/update', answer)],
  ['draft/delete', answer => draft.draftDoneAnswer('draft/delete', answer)],
  ['draft/count', draft.countDraftsAnswer],
  ['draft/batchget', answer => news.newsListAnswer('draft/batchget', answer)],
]

/** What `judge` throws, `undefined` when it accepts. */
function thrownBy(judge: (answer: ApiAnswer) => unknown, answer: ApiAnswer): unknown {
  try {
    judge(answer)
    return undefined
  } catch (error) {
    return error
  }
}

describe('requests', () => {
  it('ask for a stable token with the secret in the body only', () => {
    const request = stableTokenRequest(APP_ID, SECRET, false)
    expect([request.method, request.query]).toEqual(['POST', {}])
    expect(JSON.parse(jsonOf(request))).toEqual({
      grant_type: 'client_credential',
      appid: APP_ID,
      secret: SECRET,
      force_refresh: false,
    })
  })

  it('send articles as raw UTF-8 JSON, one object with an index for an update', () => {
    const request = draft.addDraftRequest([ARTICLE])
    expect(request.headers).toEqual({ 'content-type': 'application/json; charset=utf-8' })
    expect(jsonOf(request)).toBe(
      '{"articles":[{"title":"标题 <b>","thumb_media_id":"T","content":"<p>“正文”😀</p>","show_cover_pic":1}]}',
    )
    expect(JSON.parse(jsonOf(draft.updateDraftRequest('D', 0, ARTICLE)))).toEqual({
      media_id: 'D',
      index: 0,
      articles: ARTICLE,
    })
  })

  it('list with offset and count', () => {
    expect(jsonOf(material.listRequest('voice', 20, 20))).toBe('{"type":"voice","offset":20,"count":20}')
    expect(jsonOf(news.listNewsRequest(0, 5))).toBe('{"type":"news","offset":0,"count":5}')
    expect(jsonOf(draft.listDraftsRequest(0, 5))).toBe('{"offset":0,"count":5,"no_content":0}')
  })
})

describe('judges', () => {
  it('rename the id of a temporary thumb', () => {
    const answer = answered('{"type":"thumb","thumb_media_id":"T-1","created_at":1383233542}')
    expect(media.uploadAnswer('thumb', answer)).toEqual({ type: 'thumb', media_id: 'T-1', created_at: 1383233542 })
  })

  it('take the time of the answer when WeChat gives none', () => {
    expect(media.uploadAnswer('image', answered('{"media_id":"M"}')).created_at).toBe(NOW / 1_000)
  })

  it('read a list whose names hold raw control characters, with an empty url as none', () => {
    const text =
      '{"item":[{"media_id":"A","name":"a\u0001.mp3","update_time":7,"url":""},{"media_id":"B","name":"猫.jpg","update_time":"8","url":"http:\\/\\/x"}],"total_count":30,"item_count":2}'
    expect(material.listAnswer(answered(text))).toEqual({
      total_count: 30,
      item_count: 2,
      item: [
        { media_id: 'A', name: 'a\u0001.mp3', update_time: 7 },
        { media_id: 'B', name: '猫.jpg', update_time: 8, url: 'http://x' },
      ],
    })
  })

  it('read a list of drafts', () => {
    const text =
      '{"item":[{"media_id":"D","content":{"news_item":[{"title":"标题"}],"create_time":1,"update_time":2},"update_time":3}],"total_count":1,"item_count":1}'
    const page = news.newsListAnswer('draft/batchget', answered(text))
    expect(page).toMatchObject({ total_count: 1, item: [{ media_id: 'D', update_time: 3 }] })
    expect(page.item[0]?.content).toMatchObject({
      create_time: 1,
      update_time: 2,
      news_item: [{ title: '标题', url: '' }],
    })
  })

  it.each(JUDGES)('of %s throw a refusal with what WeChat said', (_endpoint, judge) => {
    const error = thrownBy(
      judge,
      answered('{"errcode":48004,"errmsg":"api forbidden rid: 6710c807-5c107226-09758bdf"}'),
    )
    expect(error).toMatchObject({
      code: 'ACCOUNT_MISCONFIGURED',
      wechat: { errcode: 48004, rid: '6710c807-5c107226-09758bdf' },
    })
  })

  it.each(JUDGES)('of %s throw only AppError, whatever the bytes', (_endpoint, judge) => {
    const json = fc.json({ maxDepth: 4 })
    const shaped = fc.record(
      {
        errcode: fc.oneof(fc.constant(0), fc.anything()),
        errmsg: fc.anything(),
        media_id: fc.anything(),
        item: fc.anything(),
        news_item: fc.anything(),
        total_count: fc.anything(),
        url: fc.anything(),
      },
      { requiredKeys: [] },
    )
    const text = fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map(bytes => decodeText(bytes)),
      json,
      shaped.map(
        value => JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? 1 : inner)) ?? '',
      ),
      shaped.map(value =>
        (JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? 1 : inner)) ?? '').slice(0, 20),
      ),
    )
    fc.assert(
      fc.property(text, fc.constantFrom(200, 200, 200, 302, 404, 412, 500, 502), (body, status) => {
        const error = thrownBy(judge, answered(body, { status }))
        if (error !== undefined && !(error instanceof AppError)) throw error
      }),
      { numRuns: 300 },
    )
  })

  it('do not quote the answer of a token call', () => {
    const error = thrownBy(answer => tokenAnswer('stable_token', answer), answered('<b>75_canary</b>'))
    expect(error).toMatchObject({ code: 'WECHAT_BAD_ANSWER' })
    expect(String(error instanceof AppError && error.cause)).not.toContain('canary')
  })

  it('keep at most 2,000 characters of an unclear answer, in the cause alone', () => {
    const error = thrownBy(material.addMaterialAnswer, answered(`<html>access_token=75_zzz ${'x'.repeat(5_000)}`))
    expect(error).toMatchObject({ code: 'WECHAT_UNCLEAR', details: {} })
    const cause = String(error instanceof AppError && error.cause)
    expect(cause).toContain('<html>access_token=[secret]')
    expect(cause.length).toBeLessThan(2_100)
  })
})
