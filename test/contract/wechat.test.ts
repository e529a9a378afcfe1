/**
 * The client against WeChat's side of the contract: the simulator, or the real service when WECHAT_LIVE_APP_ID and
 * WECHAT_LIVE_SECRET (and maybe WECHAT_LIVE_BASE_URL) are set. Everything it makes there, it removes again.
 */
import { type Readable, Readable as Stream } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { crc32, deflateSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type RunningSimulator, startSimulator } from '../../local/wechat/startSimulator.ts'
import { AppError } from '../../shared/core/errors.ts'
import type { AccessToken, Tokens } from '../../shared/ports/tokens.ts'
import type { BinaryMedia, MediaFile, NewsMaterial, TokenApi, VideoMedia, WeChat } from '../../shared/ports/wechat.ts'
import { tokenClient, weChatClient } from '../../shared/wechat/client.ts'
import { undiciTransport } from '../../shared/wechat/transport.ts'
import { seededRandom } from '../support/seededRandom.ts'
import { virtualClock } from '../support/virtualClock.ts'
import { everythingIn, fakeFile, jpegBytes, noQuotas, rejection, sha256 } from '../unit/wechat/fakes.ts'

const LIVE = {
  baseUrl: process.env['WECHAT_LIVE_BASE_URL'] ?? 'https://api.weixin.qq.com',
  appId: process.env['WECHAT_LIVE_APP_ID'] ?? '',
  secret: process.env['WECHAT_LIVE_SECRET'] ?? '',
}
const isLive = LIVE.appId !== '' && LIVE.secret !== ''
const SIMULATED = { appId: 'wx0123456789abcdef', secret: 'canary-secret-of-the-contract' }
const { appId, secret } = isLive ? LIVE : SIMULATED

let simulator: RunningSimulator | undefined
let wechat: WeChat
let tokenApi: TokenApi
let seen: AccessToken[]
const closing: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  const clock = isLive ? { now: () => Date.now(), sleep: async () => undefined } : virtualClock()
  if (!isLive) {
    simulator = await startSimulator({ port: 0, clock, random: seededRandom(3), accounts: [SIMULATED] })
    closing.push(() => running().close())
  }
  const transport = undiciTransport({ baseUrl: simulator?.url ?? LIVE.baseUrl })
  closing.unshift(() => transport.close())
  tokenApi = tokenClient({ transport, clock })
  wechat = weChatClient({ transport, clock, random: seededRandom(4), tokens: simpleTokens(), quotas: noQuotas })
})
afterAll(async () => {
  for (const close of closing) await close()
})
afterEach(() => simulator?.control.clearFaults())

describe('tokens', () => {
  it('come from stable_token, the same one each time', async () => {
    const first = await tokenApi.stableToken(appId, secret, false)
    expect(first.access_token).toMatch(/^[-\w]{20,}$/)
    expect(first.expires_in).toBeGreaterThan(0)
    expect((await tokenApi.stableToken(appId, secret, false)).access_token).toBe(first.access_token)
  })

  it('are refused to a wrong secret, which stays out of the error', async () => {
    const error = await rejection(tokenApi.stableToken(appId, 'canary-wrong-secret', false))
    expect(error).toMatchObject({ code: 'ACCOUNT_MISCONFIGURED' })
    expect(everythingIn(error)).not.toContain('canary')
  })
})

describe('temporary media', () => {
  it('comes back byte for byte under a Chinese name', async () => {
    const bytes = png(64)
    const stored = await wechat.media(appId).upload('image', fileOf(bytes, '猫 的图片.png', 'image/png'))
    expect(stored).toMatchObject({ type: 'image', media_id: expect.stringMatching(/^[-\w]+$/) })
    const got = await wechat.media(appId).get(stored.media_id)
    expect(got).toMatchObject({ kind: 'binary' })
    expect(sha256(await buffer(bodyOf(got)))).toBe(sha256(bytes))
  })

  it('that no JS-SDK recorded is unknown to media/get/jssdk', async () => {
    const stored = await wechat.media(appId).upload('image', fileOf(png(16), '图.png', 'image/png'))
    for (const id of [stored.media_id, 'no-such-media']) {
      expect(await rejection(wechat.media(appId).getVoice(id))).toMatchObject({ code: 'MEDIA_NOT_FOUND' })
    }
  })

  it('that does not exist is MEDIA_NOT_FOUND', async () => {
    const error = await rejection(wechat.media(appId).get('no-such-media'))
    expect(error).toMatchObject({ code: 'MEDIA_NOT_FOUND', wechat: { errcode: 40007 } })
  })

  it('of a wrong format is refused', async () => {
    const file = fileOf(png(4), 'no-extension', 'image/png')
    expect(await rejection(wechat.media(appId).upload('image', file))).toMatchObject({
      code: 'FILE_TYPE_NOT_ALLOWED',
      wechat: { errcode: 40113 },
    })
  })

  it('for articles is a URL', async () => {
    const { url } = await wechat.media(appId).uploadImage(fileOf(png(8), '图.png', 'image/png'))
    expect(url).toMatch(/^https?:\/\//)
  })
})

describe('permanent material', () => {
  it('is added, listed, counted, fetched and removed', async () => {
    const bytes = png(32)
    const material = wechat.material(appId)
    const before = await material.count()
    const stored = await material.add('image', fileOf(bytes, '永久素材.png', 'image/png'), undefined)
    expect(stored.url).toMatch(/^https?:\/\//)
    expect((await material.count()).image_count).toBe(before.image_count + 1)
    const page = await material.list('image', 0, 20)
    expect(page.item.find(item => item.media_id === stored.media_id)).toMatchObject({ name: '永久素材.png' })
    expect(sha256(await buffer(bodyOf(await material.get(stored.media_id))))).toBe(sha256(bytes))
    await material.remove(stored.media_id)
    expect(await rejection(material.get(stored.media_id))).toMatchObject({ code: 'MEDIA_NOT_FOUND' })
  })
})

describe('drafts', () => {
  it('are added, listed, changed, fetched and removed', async () => {
    const material = wechat.material(appId)
    const draft = wechat.draft(appId)
    const cover = await material.add('image', fileOf(png(32), '封面.png', 'image/png'), undefined)
    const article = { title: '标题 <一>', content: '<p>“正文”</p>', thumb_media_id: cover.media_id } as const
    const { media_id } = await draft.add([article])
    const before = await draft.count()
    expect((await draft.list(0, 20)).item.map(item => item.media_id)).toContain(media_id)
    await draft.update(media_id, 0, { ...article, title: '新标题' })
    expect((await draft.get(media_id)).news_item).toMatchObject([{ title: '新标题', thumb_media_id: cover.media_id }])
    await draft.remove(media_id)
    expect(await draft.count()).toBe(before - 1)
    expect(await rejection(draft.get(media_id))).toMatchObject({ code: 'MEDIA_NOT_FOUND' })
    await material.remove(cover.media_id)
  })
})

describe.skipIf(isLive)('the simulator’s faults', () => {
  const ADD = '/cgi-bin/material/add_material'
  const add = (file: MediaFile) => wechat.material(appId).add('image', file, undefined)
  const added = () =>
    running()
      .control.ledger(appId)
      .filter(entry => entry.kind === 'material/add_material')

  it('show the bytes of all types as they were sent, 10 MB too', async () => {
    const video = Buffer.concat([Buffer.from('0000001866747970', 'hex'), jpegBytes(10_000_000)])
    const voice = Buffer.concat([Buffer.from('#!AMR\n'), jpegBytes(90_000)])
    const thumb = jpegBytes(60_000)
    const material = wechat.material(appId)
    const description = { title: '标题😀', introduction: '简介' }
    const { media_id } = await material.add('video', fileOf(video, '片.mp4', 'video/mp4'), description)
    expect((await material.add('voice', fileOf(voice, '声.amr', 'audio/amr'), undefined)).url).toBe('')
    await material.add('thumb', fileOf(thumb, '缩.jpg', 'image/jpeg'), undefined)
    expect(added().slice(-3)).toMatchObject([
      { type: 'video', filename: '片.mp4', size: video.length, sha256: sha256(video) },
      { type: 'voice', filename: '声.amr', sha256: sha256(voice) },
      { type: 'thumb', filename: '缩.jpg', sha256: sha256(thumb) },
    ])
    expect(await material.get(media_id)).toMatchObject({ kind: 'video', title: '标题😀', description: '简介' })
  })

  it('rename the id of a temporary thumb', async () => {
    const stored = await wechat.media(appId).upload('thumb', fileOf(jpegBytes(900), 't.jpg', 'image/jpeg'))
    expect(stored).toMatchObject({ type: 'thumb', media_id: expect.stringMatching(/^[-\w]+$/) })
  })

  it('give the address of a temporary video', async () => {
    const video = Buffer.concat([Buffer.from('0000001866747970', 'hex'), jpegBytes(900)])
    const stored = await wechat.media(appId).upload('video', fileOf(video, 'v.mp4', 'video/mp4'))
    expect(await wechat.media(appId).get(stored.media_id)).toMatchObject({ kind: 'video', url: /^http/ })
  })

  it('expire every token: one replacement, one repetition, one material', async () => {
    const count = added().length
    await add(fileOf(png(16), 'a.png', 'image/png'))
    running().control.expireTokens(appId)
    const asked = seen.length
    await add(fileOf(png(16), 'b.png', 'image/png'))
    expect(seen.length).toBe(asked + 1)
    expect(added().length).toBe(count + 2)
  })

  it.each([
    ['accept-then-reset', 1],
    ['truncate', 1],
    ['empty', 1],
    ['html', 0],
    ['reset-before', 0],
  ] as const)('%s leaves an upload unclear', async (kind, accepted) => {
    const count = added().length
    running().control.addFault({ path: ADD, kind, times: 1 })
    const error = await rejection(add(fileOf(png(16), 'x.png', 'image/png')))
    expect(error).toBeInstanceOf(AppError)
    expect(error).toMatchObject({ code: 'WECHAT_UNCLEAR' })
    expect(added().length).toBe(count + accepted)
    for (const token of seen) expect(everythingIn(error)).not.toContain(token.value)
  })

  it.each([
    [-1, 'WECHAT_BUSY'],
    [45009, 'WECHAT_QUOTA'],
    [45034, 'LIBRARY_FULL'],
    [48001, 'ACCOUNT_MISCONFIGURED'],
  ] as const)('errcode %i is the definite %s', async (errcode, code) => {
    const count = added().length
    running().control.addFault({ path: ADD, kind: 'errcode', errcode, times: 1 })
    expect(await rejection(add(fileOf(png(16), 'x.png', 'image/png')))).toMatchObject({ code, wechat: { errcode } })
    expect(added().length).toBe(count)
  })

  it('text/plain and a spurious 40001 are no failures', async () => {
    running().control.addFault({ path: ADD, kind: 'text-plain', times: 1 })
    await add(fileOf(png(16), 'x.png', 'image/png'))
    running().control.addFault({ path: ADD, kind: 'spurious-40001', times: 1 })
    await add(fileOf(png(16), 'y.png', 'image/png'))
  })

  it('name the calling address for 40164', async () => {
    running().control.putAccount({ appId, ipBlocked: true })
    const error = await rejection(tokenApi.stableToken(appId, secret, false))
    running().control.putAccount({ appId, ipBlocked: false })
    expect(error).toMatchObject({ code: 'ACCOUNT_MISCONFIGURED', details: { ip: '127.0.0.1' } })
  })

  it('retired the article calls of 2015', async () => {
    const article = { title: 't', content: 'c', thumb_media_id: 'T' }
    expect(await rejection(wechat.material(appId).addNews([article]))).toMatchObject({ wechat: { errcode: 45106 } })
  })

  it('still list and change legacy articles where they are switched on', async () => {
    running().control.putAccount({ appId, legacyNews: true })
    const material = wechat.material(appId)
    const cover = await material.add('image', fileOf(png(16), 'c.png', 'image/png'), undefined)
    const article = { title: '旧', content: '<p>', thumb_media_id: cover.media_id }
    const { media_id } = await material.addNews([article])
    await material.updateNews(media_id, 0, { ...article, title: '新' })
    expect(await material.get(media_id)).toMatchObject({ kind: 'news', news_item: [{ title: '新' }] })
    expect((await material.listNews(0, 20)).item).toMatchObject([
      { media_id, content: { news_item: [{ title: '新' }] } },
    ])
  })
})

function running(): RunningSimulator {
  if (!simulator) throw new Error('no simulator')
  return simulator
}

/** Tokens of one process: asks stable_token when it has none or WeChat refused the one it has. */
function simpleTokens(): Tokens {
  seen = []
  const ask = async (): Promise<AccessToken> => {
    const { access_token, expires_in } = await tokenApi.stableToken(appId, secret, false)
    const token = { value: access_token, generation: seen.length + 1, expiresAt: expires_in * 1_000 }
    seen.push(token)
    return token
  }
  return { current: async () => seen.at(-1) ?? ask(), replace: ask }
}

const fileOf = (bytes: Buffer, filename: string, contentType: string): MediaFile =>
  fakeFile(bytes, { filename, contentType, sha256: sha256(bytes), open: async () => Stream.from([bytes]) })

function bodyOf(got: BinaryMedia | VideoMedia | NewsMaterial): Readable {
  if (got.kind !== 'binary') throw new Error(`no file but ${got.kind}`)
  return got.body
}

/** A valid grey PNG of `side` × `side` pixels. */
function png(side: number): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
    const length = Buffer.alloc(4)
    length.writeUInt32BE(data.length)
    const sum = Buffer.alloc(4)
    sum.writeUInt32BE(crc32(body))
    return Buffer.concat([length, body, sum])
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(side, 0)
  header.writeUInt32BE(side, 4)
  header[8] = 8
  const rows = Buffer.alloc(side * (side + 1))
  for (let at = 0; at < rows.length; at++) rows[at] = at % (side + 1) === 0 ? 0 : (at * 37) & 0xff
  const signature = Buffer.from('89504e470d0a1a0a', 'hex')
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}
