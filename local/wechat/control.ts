/** What a test or an operator can see and do beside the calls: the same powers as the HTTP control API. */
import type { CallReport } from './callLog.ts'
import { ControlError } from './controlError.ts'
import type { FaultDraft, FaultRule } from './faults.ts'
import { contentTypeOf, formatOfBytes } from './fileFormats.ts'
import type { LedgerEntry } from './ledger.ts'
import type { FanMedia, FanMessage } from './push/fanMessage.ts'
import { type Delivery, type SentMessage, sendMessage } from './push/sendMessage.ts'
import type { Sidecar } from './sidecar.ts'
import { type AccountChange, type AccountSettings, changedSettings } from './simulatedAccount.ts'
import { newId, type Simulator } from './simulator.ts'
import type { AccountState } from './state.ts'

const DEFAULT_FORMATS = { image: 'jpg', voice: 'amr', video: 'mp4', thumb: 'jpg' } as const

/** Eyes and hands on a running simulator. Throws `ControlError` for accounts it does not know. */
export interface Control {
  /** What was accepted, oldest first. */
  ledger(appId?: string): LedgerEntry[]
  calls(): CallReport
  /** The simulator's time in ms. */
  now(): number
  /** Moves that time forward; the clock port stays as it is. */
  advance(ms: number): void
  addFault(draft: FaultDraft): FaultRule
  faults(): FaultRule[]
  clearFaults(): void
  /** Adds or changes an account; throws `ZodError` for unknown fields. */
  putAccount(change: AccountChange): AccountSettings
  /** Ends all tokens of an account at once; calls with them answer `errcode`, 42001 unless told. */
  expireTokens(appId: string, errcode?: number): void
  /** Turns the open interface service on for an account, or off. */
  setSidecar(sidecar: Sidecar | undefined): void
  /** Deletes as a console user would; false when no account holds the id. */
  deleteMedia(mediaId: string): boolean
  /** The media_id that a message from a fan would carry. */
  addFanMedia(appId: string, media: FanMedia): string
  /** A fan's message, pushed to the account's server. */
  sendMessage(appId: string, message: FanMessage, delivery?: Delivery): Promise<SentMessage>
}

/** The control of one simulator. */
export function controlOf(simulator: Simulator): Control {
  const { state } = simulator
  const requireAccount = (appId: string): AccountState => {
    const account = state.accounts.get(appId)
    if (!account) throw new ControlError(`no account ${appId}`)
    return account
  }
  return {
    ledger: appId => state.ledger.filter(entry => appId === undefined || entry.app_id === appId),
    calls: simulator.calls.report,
    now: simulator.now,
    advance: ms => {
      if (!(ms >= 0)) throw new ControlError('time moves forward only')
      simulator.record({ event: 'advance', ms })
    },
    addFault: simulator.faults.add,
    faults: simulator.faults.list,
    clearFaults: simulator.faults.clear,
    putAccount: change => {
      const settings = changedSettings(state.accounts.get(change.appId)?.settings, change)
      simulator.record({ event: 'account', settings })
      return settings
    },
    expireTokens: (appId, errcode = 42001) => {
      requireAccount(appId)
      simulator.record({ event: 'expire', appId, errcode })
    },
    setSidecar: sidecar => {
      if (sidecar) requireAccount(sidecar.appId)
      simulator.sidecar = sidecar
    },
    deleteMedia: mediaId => deleteMedia(simulator, mediaId),
    addFanMedia: (appId, media) => {
      requireAccount(appId)
      return addFanMedia(simulator, appId, media)
    },
    sendMessage: async (appId, message, delivery) => {
      const account = requireAccount(appId)
      const addMedia = (media: FanMedia) => addFanMedia(simulator, appId, media)
      return sendMessage(simulator, { account, message, addMedia }, delivery)
    },
  }
}

function deleteMedia(simulator: Simulator, mediaId: string): boolean {
  for (const account of simulator.state.accounts.values()) {
    for (const shelf of ['materials', 'drafts', 'news', 'media'] as const) {
      if (!account[shelf].has(mediaId)) continue
      simulator.record({ event: 'removed', appId: account.settings.appId, shelf, mediaId, by: 'console' })
      return true
    }
  }
  return false
}

function addFanMedia(simulator: Simulator, appId: string, { type, body, filename }: FanMedia): string {
  const kind = type === 'jssdk' ? 'voice' : type
  const told = formatOfBytes(body)
  // A fan's voice says amr whatever it really is (wechat-api.md §6.2).
  const format = told !== undefined && contentTypeOf(told).startsWith(`${kind}/`) ? told : DEFAULT_FORMATS[kind]
  const mediaId = newId(simulator.random)
  const file = simulator.store(body, { filename: filename ?? `${mediaId}.${format}`, format })
  simulator.record({ event: 'media', appId, mediaId, type: kind, source: type === 'jssdk' ? 'jssdk' : 'fan', file })
  return mediaId
}
