import { describe, expect, it } from 'vitest'
import { matchPath, specificity } from '../../../shared/core/route.ts'

describe('a template', () => {
  it.each([
    ['/wechat/uploads', '/wechat/uploads', {}],
    ['/wechat/uploads/{uploadId}', '/wechat/uploads/01k', { uploadId: '01k' }],
    ['/wechat/{type}/material', '/wechat/image/material', { type: 'image' }],
    ['/a/{x}/{y}', '/a/%E6%97%A5/b%2Fc', { x: '日', y: 'b/c' }],
    ['/wechat/uploads/{uploadId}', '/wechat/uploads/', undefined],
    ['/wechat/uploads/{uploadId}', '/wechat/uploads/a/b', undefined],
    ['/wechat/uploads/{uploadId}', '/wechat/uploads', undefined],
    ['/wechat/uploads', '/wechat/uploads/', undefined],
    ['/wechat/uploads', '/WECHAT/uploads', undefined],
    ['/a/{x}', '/a/%E6', undefined],
    ['/a/{x}', '/a/%', undefined],
    ['/a/{x}.json', '/a/{x}.json', {}],
  ])('%s against %s gives %j', (template, path, params) => {
    expect(matchPath(template, path)).toEqual(params)
  })

  it('with more fixed parts is more specific', () => {
    const templates = ['/wechat/{type}/material', '/wechat/media/temporary', '/wechat/uploads/{uploadId}/url']
    expect(templates.map(specificity)).toEqual([3, 4, 4])
    expect(specificity('/wechat/media/temporary')).toBeGreaterThan(specificity('/wechat/{type}/temporary'))
  })
})
