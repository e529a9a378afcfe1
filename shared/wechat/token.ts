/** The token endpoints as request builders and answer judges (wechat-api.md §1). */
import type { IssuedToken } from '../ports/credentials.ts'
import { type ApiAnswer, type ApiRequest, getRequest, jsonRequest } from './apiCall.ts'
import { requiredNumber, requiredText, succeeded } from './judge.ts'

/** POST stable_token. `forceRefresh` is limited to 20 a day, 30 s apart. */
export function stableTokenRequest(appId: string, secret: string, forceRefresh: boolean): ApiRequest {
  return jsonRequest('stable_token', {
    grant_type: 'client_credential',
    appid: appId,
    secret,
    force_refresh: forceRefresh,
  })
}

/** GET token: always a new one. */
export function classicTokenRequest(appId: string, secret: string): ApiRequest {
  return getRequest('token', { grant_type: 'client_credential', appid: appId, secret })
}

/** The token of either call. */
export function tokenAnswer(endpoint: 'token' | 'stable_token', answer: ApiAnswer): IssuedToken {
  const value = succeeded(endpoint, answer)
  return {
    access_token: requiredText(endpoint, answer, value['access_token']),
    expires_in: requiredNumber(endpoint, answer, value['expires_in']),
    ...(answer.servedAt !== undefined && { serverTime: answer.servedAt }),
  }
}
