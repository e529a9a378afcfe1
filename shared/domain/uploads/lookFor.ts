/** Looks for an upload in WeChat's own list: by the stamp in its name, then by its bytes. */
import { AppError } from '../../core/errors.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { BinaryMedia, MaterialApi, MaterialItem } from '../../ports/wechat.ts'
import { hashOf } from './inspectObject.ts'
import { carriesAnyStamp, carriesStamp } from './sendToWeChat.ts'
import { CLAIM_MS } from './transitions.ts'
import type { UploadData } from './uploadRow.ts'

/** `more`: some candidates were compared in vain and are in `ruledOut`, others are left for the next look. */
export type Found = { kind: 'found'; item: MaterialItem } | { kind: 'absent' } | { kind: 'more'; ruledOut: string[] }

const PAGE = 20
/** 2,000 newer items in the minutes since: beyond that the list counts as unreadable. */
const MAX_PAGES = 100
/** The clocks of WeChat and ours may differ this much. */
const SKEW_MS = 10 * 60_000
/** Files fetched to be compared in one look; WeChat counts these calls. */
const MAX_COMPARED = 5

/**
 * Reads the list, newest first, down to ten minutes before the sending began. What carries no stamp and came in that
 * time may be ours under another name: it is fetched and compared. Throws when list or files cannot be read.
 */
export async function lookFor(ports: PortsOf<'wechat'>, data: UploadData, signal: AbortSignal): Promise<Found> {
  const { wechat } = ports
  const type = data.type === 'thumb' ? 'image' : data.type
  const startedAt = data.claim?.started_at ?? data.created_at
  const oldest = (startedAt - SKEW_MS) / 1000
  const newest = (startedAt + CLAIM_MS + SKEW_MS) / 1000
  const candidates: MaterialItem[] = []
  for (let page = 0; ; page++) {
    if (page === MAX_PAGES) throw new AppError('WECHAT_UNCLEAR', 'The list is too long to reconcile with.')
    const { item: items } = await wechat.material(data.app_id).list(type, page * PAGE, PAGE, signal)
    const item = items.find(({ name }) => carriesStamp(name, data.upload_id))
    if (item) return { kind: 'found', item }
    candidates.push(
      ...items.filter(({ name, update_time: at }) => at >= oldest && at <= newest && !carriesAnyStamp(name)),
    )
    if (items.length < PAGE || items.every(({ update_time: at }) => at < oldest)) break
  }
  return compare(ports, data, { candidates, signal })
}

async function compare(
  { wechat }: PortsOf<'wechat'>,
  data: UploadData,
  { candidates, signal }: { candidates: MaterialItem[]; signal: AbortSignal },
): Promise<Found> {
  const { app_id, sha256, ruled_out: before = [] } = data
  // A row of before the hash was kept: its name was all there is.
  if (sha256 === undefined) return { kind: 'absent' }
  const left = candidates.filter(({ media_id: id }) => !before.includes(id))
  const now = left.slice(0, MAX_COMPARED)
  for (const item of now) {
    const file = await fileOf(wechat.material(app_id), item.media_id, signal)
    if (file && (await isSame(file, data.size, sha256))) return { kind: 'found', item }
  }
  if (left.length === now.length) return { kind: 'absent' }
  return { kind: 'more', ruledOut: [...before, ...now.map(({ media_id: id }) => id)] }
}

/** `undefined` when it was deleted meanwhile. */
async function fileOf(api: MaterialApi, mediaId: string, signal: AbortSignal): Promise<BinaryMedia | undefined> {
  try {
    const material = await api.get(mediaId, signal)
    if (material.kind === 'news') return undefined
    return material.kind === 'video' ? await material.open(signal) : material
  } catch (error) {
    if (error instanceof AppError && error.code === 'MEDIA_NOT_FOUND') return undefined
    throw error
  }
}

async function isSame(file: BinaryMedia, size: number, sha256: string): Promise<boolean> {
  try {
    if (file.size !== undefined && file.size !== size) return false
    return (await hashOf(file.body)) === sha256
  } finally {
    file.body.destroy()
  }
}
