/** Shapes of the message push: what an operator sets, and what WeChat's calls carry (wechat-api.md §6). */
import * as z from 'zod'
import { AppId } from '../account.ts'

/** How much of a push WeChat encrypts: everything, everything beside a plain copy, nothing. */
export const PushMode = z.enum(['safe', 'compatible', 'plain'])

const AesKey = z.string().regex(/^[0-9a-zA-Z]{43}$/, 'must have 43 letters and digits')
/** Plain HTTP is for trying things on one machine; a cloud's functions refuse such an address when they connect. */
const ForwardUrl = z
  .string()
  .max(2_000)
  .regex(/^(https:\/\/[^@#\s\\]+|http:\/\/(127\.0\.0\.1|localhost)([:/?][^@#\s\\]*)?)$/, 'must be an https URL')
  .refine(url => URL.canParse(url), 'must be an https URL')

/** An account's `callback`. */
export const CallbackSettings = z.strictObject({
  token: z.string().regex(/^[0-9a-zA-Z]{3,32}$/, 'must have 3 to 32 letters and digits'),
  aes_key: AesKey,
  previous_aes_key: AesKey.optional().describe('still taken while WeChat changes over to aes_key'),
  mode: PushMode.optional().describe('the least that is taken, safe when absent: what is safer is always taken'),
  forward_url: ForwardUrl.optional().describe('who else gets each push, as it came'),
  forward_secret: z.string().min(16).max(200).optional().describe('signs what goes to forward_url; none, no signature'),
})

/** An account's `callback`. */
export type CallbackSettings = z.infer<typeof CallbackSettings>

const Text = z.string().max(200)

/** The query that WeChat puts on every call; what else comes is let through. */
export const PushQuery = z.object({
  signature: Text.optional(),
  timestamp: z.string().regex(/^\d{1,12}$/, 'is no time in seconds'),
  nonce: Text,
  encrypt_type: Text.optional(),
  msg_signature: Text.optional(),
})

/** The query of a push. */
export type PushQuery = z.infer<typeof PushQuery>

/** The query of the verification; `echostr` is answered as it came. */
export const VerificationQuery = z.object({
  signature: Text,
  timestamp: PushQuery.shape.timestamp,
  nonce: Text,
  echostr: z.string().max(1_000),
})

const XML = 'the message, or <xml> with ToUserName and Encrypt (消息加解密)'
const JSON_PUSH = 'the message, or ToUserName and Encrypt (消息加解密)'

/** A push for the contract: whichever format the account chose at WeChat. */
export const PUSH_BODIES = {
  'application/json': z.record(z.string(), z.unknown()).describe(JSON_PUSH),
  'text/xml': z.string().describe(XML),
}

/** `success`, or the `echostr`. */
export const PushAnswer = z.string()

/** A call of the archiver or of the forwarder: which message. */
export const MessageCall = z.object({
  payload: z
    .object({ app_id: AppId, message_id: z.string().min(1) })
    .transform(({ app_id, message_id }) => ({ appId: app_id, messageId: message_id })),
})
