/** How an account comes by the token that authorises its calls; `AccountData.credential` names the kind. */
export type CredentialKind = 'stable_token' | 'token' | 'authorizer' | 'cloudbase' | 'cloudcall'

/** The query parameter that carries a token (wechat-api.md §0.1, §8.3). */
export type TokenParameter = 'access_token' | 'cloudbase_access_token'

/** A token as it was just issued. */
export interface IssuedToken {
  access_token: string
  /** Its remaining life in seconds. */
  expires_in: number
  /** WeChat's own time when it answered (ms since the epoch), where it said so. */
  serverTime?: number
}

/** What a strategy is asked. */
export interface TokenAsk {
  appId: string
  /** Opens the account's AppSecret; throws `AppError('SECRET_UNREADABLE')`. A kind that needs none never calls it. */
  secret: () => Promise<string>
  /** Another token although the present one lives; ignored by a kind that cannot force. */
  force: boolean
}

/**
 * The strategy of one credential kind. It knows how to ask and nothing else: rows, leases, limits and times are the
 * custody's (shared/domain/tokens/renewToken.ts).
 */
export interface Credential {
  parameter: TokenParameter
  /** Whether `force` means anything. */
  forceable: boolean
  /** Asks for a token. Throws `AppError`: what WeChat refuses, `WECHAT_UNREACHABLE`, `WECHAT_BUSY`, `WECHAT_BAD_ANSWER`. */
  issue(ask: TokenAsk, signal?: AbortSignal): Promise<IssuedToken>
}

/** The kinds that a host can serve. */
export type Credentials = Partial<Record<CredentialKind, Credential>>
