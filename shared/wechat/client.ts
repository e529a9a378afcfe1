/** The WeChat client: the ports `WeChat` and `TokenApi` over a transport. */
import type { DraftApi, MaterialApi, MediaApi, TokenApi, WeChat } from '../ports/wechat.ts'
import type { ApiAnswer, ApiRequest } from './apiCall.ts'
import { isWeChatImage } from './articleImage.ts'
import { type AccountWires, call, callBare, callForFile, type Wires } from './call.ts'
import * as drafts from './draft.ts'
import * as materials from './material.ts'
import * as medias from './media.ts'
import * as news from './news.ts'
import { classicTokenRequest, stableTokenRequest, tokenAnswer } from './token.ts'
import { withBytes } from './video.ts'

const BOUNDARY_BYTES = 16

/** Everything that media, material and drafts need; `transport` should be one per process. */
export type WeChatOptions = AccountWires

/** The client for all accounts. Errors as the port {@link WeChat} says. */
export function weChatClient(options: WeChatOptions): WeChat {
  return {
    media: appId => mediaApi(options, appId),
    material: appId => materialApi(options, appId),
    draft: appId => draftApi(options, appId),
  }
}

/** The token endpoints, for the refresher alone: the AppSecret is in their requests. */
export function tokenClient(wires: Wires): TokenApi {
  return {
    stableToken: (appId, secret, forceRefresh, signal) => {
      const request = stableTokenRequest(appId, secret, forceRefresh)
      return callBare(wires, { request, judge: answer => tokenAnswer('stable_token', answer), signal }, [secret])
    },
    classicToken: (appId, secret, signal) => {
      const request = classicTokenRequest(appId, secret)
      return callBare(wires, { request, judge: answer => tokenAnswer('token', answer), signal }, [secret])
    },
  }
}

function mediaApi(options: WeChatOptions, appId: string): MediaApi {
  const run = caller(options, appId)
  return {
    upload: (type, file, signal) =>
      run(medias.uploadRequest(type, file, boundary(options)), answer => medias.uploadAnswer(type, answer), signal),
    uploadImage: (file, signal) =>
      run(medias.uploadImageRequest(file, boundary(options)), medias.uploadImageAnswer, signal),
    keepsImage: source => isWeChatImage(source, options.transport.origin),
    get: async (mediaId, signal) => {
      const step = { request: medias.getMediaRequest(mediaId), judge: medias.getMediaAnswer, signal }
      return withBytes(options.transport, await callForFile(options, appId, step))
    },
    getVoice: (mediaId, signal) => {
      const step = { request: medias.getVoiceRequest(mediaId), judge: medias.getVoiceAnswer, signal }
      return callForFile(options, appId, step)
    },
  }
}

function materialApi(options: WeChatOptions, appId: string): MaterialApi {
  const run = caller(options, appId)
  return {
    add: (type, file, description, signal) =>
      run(
        materials.addMaterialRequest(type, file, { description, boundary: boundary(options) }),
        materials.addMaterialAnswer,
        signal,
      ),
    count: signal => run(materials.countRequest(), materials.countAnswer, signal),
    list: (type, offset, count, signal) =>
      run(materials.listRequest(type, offset, count), materials.listAnswer, signal),
    get: async (mediaId, signal) => {
      const step = { request: materials.getMaterialRequest(mediaId), judge: materials.getMaterialAnswer, signal }
      return withBytes(options.transport, await callForFile(options, appId, step))
    },
    remove: (mediaId, signal) => run(materials.removeRequest(mediaId), materials.removeAnswer, signal),
    listNews: (offset, count, signal) =>
      run(
        news.listNewsRequest(offset, count),
        answer => news.newsListAnswer('material/batchget_material', answer),
        signal,
      ),
    addNews: (articles, signal) =>
      run(news.addNewsRequest(articles), answer => news.addedArticles('material/add_news', answer), signal),
    updateNews: (mediaId, index, article, signal) =>
      run(news.updateNewsRequest(mediaId, index, article), news.updateNewsAnswer, signal),
  }
}

function draftApi(options: WeChatOptions, appId: string): DraftApi {
  const run = caller(options, appId)
  return {
    add: (articles, signal) =>
      run(drafts.addDraftRequest(articles), answer => news.addedArticles('draft/add', answer), signal),
    get: (mediaId, signal) => run(drafts.getDraftRequest(mediaId), drafts.getDraftAnswer, signal),
    update: (mediaId, index, article, signal) =>
      run(
        drafts.updateDraftRequest(mediaId, index, article),
        answer => drafts.draftDoneAnswer('draft/update', answer),
        signal,
      ),
    remove: (mediaId, signal) =>
      run(drafts.removeDraftRequest(mediaId), answer => drafts.draftDoneAnswer('draft/delete', answer), signal),
    count: signal => run(drafts.countDraftsRequest(), drafts.countDraftsAnswer, signal),
    list: (offset, count, signal) =>
      run(drafts.listDraftsRequest(offset, count), answer => news.newsListAnswer('draft/batchget', answer), signal),
  }
}

const caller =
  (options: WeChatOptions, appId: string) =>
  <T>(request: ApiRequest, judge: (answer: ApiAnswer) => T, signal: AbortSignal | undefined): Promise<T> =>
    call(options, appId, { request, judge, signal })

const boundary = ({ random }: WeChatOptions): string =>
  `----sucai${Buffer.from(random.bytes(BOUNDARY_BYTES)).toString('hex')}`
