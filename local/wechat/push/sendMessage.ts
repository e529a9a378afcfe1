/** A fan's message on its way: its files are stored, and it is pushed to the account's server. */
import { ControlError } from '../controlError.ts'
import type { Simulator } from '../simulator.ts'
import type { AccountState } from '../state.ts'
import { deliverPush, type PushAttempt } from './deliverPush.ts'
import { type AddMedia, type FanMessage, messageOf } from './fanMessage.ts'
import { pushRequest } from './pushRequest.ts'

/** How a message is delivered. */
export interface Delivery {
  /** So many deliveries at once, as when answers are slow (1 when absent). */
  times?: number
}

/** What became of a message. */
export interface SentMessage {
  /** Absent for an event. */
  msg_id?: string
  media_ids: string[]
  /** The attempts of each delivery. */
  deliveries: PushAttempt[][]
}

/** Rejects with `ControlError` for an account without push settings. */
export async function sendMessage(
  simulator: Simulator,
  { account, message, addMedia }: { account: AccountState; message: FanMessage; addMedia: AddMedia },
  { times = 1 }: Delivery = {},
): Promise<SentMessage> {
  const { push: settings, appId } = account.settings
  if (!settings) throw new ControlError(`the account ${appId} has no push settings`)
  const { clock, random, pushPort: port } = simulator
  const fields = messageOf(simulator, { account, message, addMedia })
  const sign = () => pushRequest(settings, { appId, fields, random, now: simulator.now() })
  const deliver = () => {
    let request = sign()
    return deliverPush({ port, clock }, () => {
      const present = request
      // Whether a repeated delivery has a new signature is not documented: sometimes it has.
      if (random.fraction() < 0.5) request = sign()
      return present
    })
  }
  const told = new Map(fields)
  const msgId = told.get('MsgId')
  return {
    ...(msgId !== undefined && { msg_id: String(msgId) }),
    media_ids: ['MediaId', 'MediaId16K', 'ThumbMediaId'].flatMap(name => told.get(name) ?? []).map(String),
    deliveries: await Promise.all(Array.from({ length: times }, deliver)),
  }
}
