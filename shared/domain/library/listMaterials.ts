/** One page of the library; pages over WeChat's 20 are put together from several calls. */
import type * as z from 'zod'
import type { Account } from '../../core/account.ts'
import type { MaterialsAnswer, MaterialsQuery } from '../../core/schemas/library.ts'
import type { MaterialList, NewsList, WeChat } from '../../ports/wechat.ts'
import { limitsFor } from '../../wechat/limits.ts'
import { byMediaId } from './iterateLibrary.ts'
import { newsView } from './newsView.ts'

/** seed004's page. */
export type MaterialsPage = z.infer<typeof MaterialsAnswer>

/** Items in WeChat's order, each once, although the list may move between the calls. Beyond the end: no items. */
export async function listMaterials(
  wechat: WeChat,
  { account, query, signal }: { account: Account; query: z.infer<typeof MaterialsQuery>; signal: AbortSignal },
): Promise<MaterialsPage> {
  const { page, limit } = query
  const most = limitsFor(account.limits).page.max
  const read = reader(wechat, account, query)
  const first = (page - 1) * limit
  const calls = Array.from({ length: Math.ceil(limit / most) }, (_, call) =>
    read(first + call * most, Math.min(most, limit - call * most), signal),
  )
  const pages = await Promise.all(calls)
  const item = byMediaId(pages.flatMap(({ item: items }) => items.map(view)))
  return { total_count: pages[0]?.total_count ?? 0, item_count: item.length, item }
}

type Reader = (offset: number, count: number, signal: AbortSignal) => Promise<MaterialList | NewsList>

function reader(wechat: WeChat, account: Account, { type, source }: z.infer<typeof MaterialsQuery>): Reader {
  const material = wechat.material(account.app_id)
  if (type !== 'news') return (offset, count, signal) => material.list(type, offset, count, signal)
  return account.articles === 'draft' && source === undefined ? wechat.draft(account.app_id).list : material.listNews
}

/** seed004 shows `url` for every file. */
const view = (item: MaterialList['item'][number] | NewsList['item'][number]): MaterialsPage['item'][number] =>
  'content' in item ? { ...item, content: newsView(item.content) } : { ...item, url: item.url ?? '' }
