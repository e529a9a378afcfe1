/** Enters the stack's callback address into the simulator, as an operator does in WeChat's console. */
import type { AccountEntry } from './accountsFile.ts'

/** For each account with a callback; the mode is the least that the account takes. Throws when the simulator refuses it. */
export async function setUpPushes(wechatUrl: string, stackUrl: string, accounts: AccountEntry[]): Promise<void> {
  for (const { app_id: appId, callback } of accounts) {
    if (!callback) continue
    const { token, aes_key, mode = 'safe' } = callback
    const push = { url: `${stackUrl}/wechat/callback/${appId}`, token, aes_key, mode }
    const answer = await fetch(`${wechatUrl}/_control/accounts/${appId}`, {
      method: 'PUT',
      body: JSON.stringify({ push }),
    })
    if (!answer.ok) throw new Error(`the simulator does not take the callback of ${appId}: ${await answer.text()}`)
  }
}
