/** How many items the library holds. */
import type { Account } from '../../core/account.ts'
import type { MaterialCount, WeChat } from '../../ports/wechat.ts'

/** With drafts, `news_count` is theirs; `legacy` asks for the news material of before the draft box. */
export async function countMaterials(
  wechat: WeChat,
  { account, legacy, signal }: { account: Account; legacy: boolean; signal: AbortSignal },
): Promise<MaterialCount> {
  const material = wechat.material(account.app_id)
  if (account.articles === 'news' || legacy) return material.count(signal)
  const [counts, drafts] = await Promise.all([material.count(signal), wechat.draft(account.app_id).count(signal)])
  return { ...counts, news_count: drafts }
}
