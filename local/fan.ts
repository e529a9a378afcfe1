/**
 * `npm run simulator:fan -- image photo.jpg`: plays a fan of the running stack's first account. The simulator makes the
 * media, encrypts the message and pushes it to the stack's callback, as WeChat would.
 */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import * as z from 'zod'
import { readAccounts } from './stack/accountsFile.ts'
import { readSettings } from './stack/settings.ts'
import { runningStack } from './stack/stackFile.ts'

const USAGE = `usage: npm run simulator:fan -- image|voice|video|shortvideo <file>
                                 text <words> | event <name>
       --times <n>   deliver it n times at once      --openid <id>   another fan
`
const Sent = z.object({
  msg_id: z.string().optional(),
  media_ids: z.array(z.string()),
  deliveries: z.array(
    z.array(z.object({ status: z.number().optional(), answer: z.string().optional(), ms: z.number() })),
  ),
})

const fail = (text: string): never => {
  process.stderr.write(text)
  process.exit(1)
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { times: { type: 'string' }, openid: { type: 'string' } },
})
const [type = '', what = ''] = positionals
const settings = readSettings(process.env)
const stack = runningStack(settings.dataDir)
const appId = readAccounts(settings.accounts)[0]?.app_id ?? ''
if (!what) fail(USAGE)
else if (!stack) fail('no stack is running on this DATA_DIR\n')
else await send(stack.wechat_url)

async function send(wechatUrl: string): Promise<void> {
  const isFile = type !== 'text' && type !== 'event'
  const query = new URLSearchParams({
    type,
    ...(isFile && { filename: basename(what) }),
    ...(type === 'event' && { event: what }),
    ...values,
  })
  const answer = await fetch(`${wechatUrl}/_control/accounts/${appId}/messages?${query}`, {
    method: 'POST',
    body: isFile ? new Uint8Array(readFileSync(what)) : type === 'text' ? what : '',
  })
  if (!answer.ok) return fail(`the simulator refuses: ${await answer.text()}${USAGE}`)
  const { msg_id: msgId, media_ids: mediaIds, deliveries } = Sent.parse(await answer.json())
  console.log(`${type} ${isFile ? basename(what) : what}: MsgId ${msgId ?? 'none'}`)
  for (const mediaId of mediaIds) console.log(`  media_id ${mediaId}`)
  for (const [index, attempt] of deliveries.flat().entries()) {
    console.log(`  delivery ${index + 1}: ${attempt.status ?? 'no answer'} ${attempt.answer ?? ''} (${attempt.ms} ms)`)
  }
  process.exitCode = deliveries.every(attempts => attempts.at(-1)?.answer === 'success') ? 0 : 1
}
