/** The one place that turns an upload into a call of WeChat. */
import type { MediaFile, PermanentMaterial, WeChat } from '../../ports/wechat.ts'
import type { UploadData } from './uploadRow.ts'

const STAMP_LENGTH = 10
/** `.<stamp>.<extension>` at the end of a name. */
const STAMP = /\.[0-9a-hjkmnp-tv-z]{10}\.[0-9a-z]+$/

/**
 * Sends an upload's bytes as permanent material or temporary media. Throws what the `WeChat` port throws.
 */
export async function sendToWeChat(
  wechat: WeChat,
  data: UploadData,
  { open, signal }: { open: MediaFile['open']; signal: AbortSignal },
): Promise<PermanentMaterial> {
  const file: MediaFile = {
    filename: data.permanent ? stampedName(data) : data.filename,
    contentType: data.content_type,
    size: data.size,
    ...(data.sha256 !== undefined && { sha256: data.sha256 }),
    open,
  }
  if (!data.permanent) {
    const { media_id } = await wechat.media(data.app_id).upload(data.type, file, signal)
    return { media_id, url: '' }
  }
  const description =
    data.type === 'video' ? { title: data.title ?? '', introduction: data.introduction ?? '' } : undefined
  return wechat.material(data.app_id).add(data.type, file, description, signal)
}

/** The mark in a library name that tells which upload it came from; reconciling looks for it. */
export const stampOf = (uploadId: string): string => uploadId.slice(-STAMP_LENGTH)

/** `日落.jpg` as WeChat's library gets it: `日落.k3v9x2m7q4.jpg`. */
export function stampedName({ filename, upload_id: uploadId }: Pick<UploadData, 'filename' | 'upload_id'>): string {
  const dot = filename.lastIndexOf('.')
  return `${filename.slice(0, dot)}.${stampOf(uploadId)}${filename.slice(dot)}`
}

/** Whether a name of WeChat's list carries the stamp of `uploadId`. */
export const carriesStamp = (name: string, uploadId: string): boolean => name.includes(`.${stampOf(uploadId)}.`)

/** Whether a name looks like one that some upload of ours has given. */
export const carriesAnyStamp = (name: string): boolean => STAMP.test(name)
