/** The state of the simulated platform and how one journal entry changes it. */
import { type LedgerEntry, ledgerEntry } from './ledger.ts'
import type { Article, FileType, JournalEntry, Mutation, StoredFile } from './mutation.ts'
import type { AccountSettings } from './simulatedAccount.ts'

/** ms a token lives (wechat-api.md §1.1) */
export const TOKEN_LIFE_MS = 7_200_000

/** ms during which an old and a new token both work (wechat-api.md §1.1, §1.2) */
export const TOKEN_OVERLAP_MS = 300_000

/** A token that was handed out; from `diesAt` (ms) on it is refused with `deathErrcode`. */
export interface TokenRecord {
  appId: string
  family: 'classic' | 'stable'
  value: string
  expiresAt: number
  superseded: boolean
  diesAt: number
  deathErrcode: number
}

/** A temporary file. */
export interface Media {
  mediaId: string
  type: FileType
  source: 'upload' | 'fan' | 'jssdk'
  file: StoredFile
  /** ms */
  createdAt: number
}

/** A permanent file. */
export interface Material {
  mediaId: string
  type: FileType
  file: StoredFile
  title: string
  introduction: string
  /** ms */
  createdAt: number
}

/** A draft or a legacy news material; times in ms. */
export interface ArticleSet {
  mediaId: string
  articles: Article[]
  createdAt: number
  updatedAt: number
}

/** Calls of one path today and in this minute. */
export interface Usage {
  day: number
  today: number
  minute: number
  thisMinute: number
}

/** Everything of one account. */
export interface AccountState {
  settings: AccountSettings
  /** Newest last. */
  tokens: Record<'classic' | 'stable', TokenRecord[]>
  /** ms of each forced refresh */
  forcedAt: number[]
  /** ms of each clear_quota */
  clearedAt: number[]
  media: Map<string, Media>
  materials: Map<string, Material>
  drafts: Map<string, ArticleSet>
  news: Map<string, ArticleSet>
  /** Not journalled: a restart begins a new count. */
  usage: Map<string, Usage>
}

/** A file that is served without a token. */
export interface PublicFile {
  appId: string
  file: StoredFile
  /** ms */
  createdAt: number
}

/** Everything the platform knows. */
export interface State {
  accounts: Map<string, AccountState>
  tokens: Map<string, TokenRecord>
  publicFiles: Map<string, PublicFile>
  ledger: LedgerEntry[]
  /** ms the simulator's time is ahead of its clock */
  clockOffset: number
  /** Of the last entry. */
  seq: number
}

/** A platform without accounts. */
export function emptyState(): State {
  return { accounts: new Map(), tokens: new Map(), publicFiles: new Map(), ledger: [], clockOffset: 0, seq: 0 }
}

/** Applies one entry; live calls and the replay after a restart both come through here. */
export function applyEntry(state: State, entry: JournalEntry): void {
  state.seq = entry.seq
  applyMutation(state, entry.mutation, entry.time)
  const line = ledgerEntry(entry)
  if (line) state.ledger.push(line)
}

function applyMutation(state: State, mutation: Mutation, time: number): void {
  if (mutation.event === 'advance') {
    state.clockOffset += mutation.ms
    return
  }
  if (mutation.event === 'account') {
    setAccount(state, mutation.settings, time)
    return
  }
  const account = state.accounts.get(mutation.appId)
  if (account) applyToAccount(state, account, { mutation, time })
}

function applyToAccount(
  state: State,
  account: AccountState,
  { mutation, time }: { mutation: Exclude<Mutation, { event: 'advance' | 'account' }>; time: number },
): void {
  const appId = account.settings.appId
  switch (mutation.event) {
    case 'token':
      addToken(state, account, { ...mutation, time })
      break
    case 'expire':
      endTokens(account, time, mutation.errcode)
      break
    case 'clear-quota':
      account.usage.clear()
      account.clearedAt.push(time)
      break
    case 'media': {
      const { mediaId, type, source, file } = mutation
      account.media.set(mediaId, { mediaId, type, source, file, createdAt: time })
      state.publicFiles.set(file.urlKey, { appId, file, createdAt: time })
      break
    }
    case 'material': {
      const { mediaId, type, file, title, introduction } = mutation
      account.materials.set(mediaId, { mediaId, type, file, title, introduction, createdAt: time })
      state.publicFiles.set(file.urlKey, { appId, file, createdAt: time })
      break
    }
    case 'article-image':
      state.publicFiles.set(mutation.file.urlKey, { appId, file: mutation.file, createdAt: time })
      break
    case 'articles': {
      const { mediaId, articles } = mutation
      account[mutation.shelf].set(mediaId, { mediaId, articles: [...articles], createdAt: time, updatedAt: time })
      break
    }
    case 'article': {
      const set = account[mutation.shelf].get(mutation.mediaId)
      if (set) {
        set.articles[mutation.index] = mutation.article
        set.updatedAt = time
      }
      break
    }
    case 'removed':
      account[mutation.shelf].delete(mutation.mediaId)
      break
  }
}

function setAccount(state: State, settings: AccountSettings, time: number): void {
  const known = state.accounts.get(settings.appId)
  if (known) {
    // Resetting the AppSecret ends all tokens (wechat-api.md §1.3).
    if (known.settings.secret !== settings.secret) endTokens(known, time, 40001)
    known.settings = settings
    return
  }
  state.accounts.set(settings.appId, {
    settings,
    tokens: { classic: [], stable: [] },
    forcedAt: [],
    clearedAt: [],
    media: new Map(),
    materials: new Map(),
    drafts: new Map(),
    news: new Map(),
    usage: new Map(),
  })
}

function addToken(
  state: State,
  account: AccountState,
  minted: { family: 'classic' | 'stable'; value: string; forced: boolean; time: number },
): void {
  const { family, value, forced, time } = minted
  for (const older of account.tokens[family]) {
    // The leak remedy "force twice" only works if the second renewal ends the token before the last one (§1.2).
    const grace = family === 'stable' && older.superseded ? 0 : TOKEN_OVERLAP_MS
    if (!older.superseded || grace === 0) endToken(older, time + grace, 40001)
    older.superseded = true
  }
  const expiresAt = time + TOKEN_LIFE_MS
  const { appId } = account.settings
  const token = { appId, family, value, expiresAt, superseded: false, diesAt: expiresAt, deathErrcode: 42001 }
  account.tokens[family] = [...account.tokens[family].filter(older => older.diesAt > time), token]
  state.tokens.set(value, token)
  if (forced) account.forcedAt.push(time)
}

function endTokens(account: AccountState, time: number, errcode: number): void {
  for (const token of [...account.tokens.classic, ...account.tokens.stable]) endToken(token, time, errcode)
}

function endToken(token: TokenRecord, at: number, errcode: number): void {
  if (at >= token.diesAt) return
  token.diesAt = at
  token.deathErrcode = errcode
}
