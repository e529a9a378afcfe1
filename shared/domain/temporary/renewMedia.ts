/** A media_id that is valid now, for the bytes of one that may have expired: uploaded again once, whoever asks. */
import { AppError } from '../../core/errors.ts'
import { randomId } from '../../core/ids.ts'
import type { Call } from '../../core/operation.ts'
import type { MediaType } from '../../ports/wechat.ts'
import { mediaTypeOf } from '../library/downloadedFormat.ts'
import type { MediaName } from '../library/libraryRows.ts'
import { archiveRules } from './archive.ts'
import type { CopyPorts } from './copyMedia.ts'
import { getTemporaryMedia } from './getTemporaryMedia.ts'
import { gone } from './keepFile.ts'
import {
  findTemporary,
  type KeptTemporary,
  type TemporaryData,
  type TemporaryRow,
  temporaryRow,
} from './temporaryRow.ts'
import { trackMedia } from './trackMedia.ts'

/** A media_id with less than this left is renewed, ms. */
const ENOUGH_MS = 12 * 3_600_000
/** An upload that is older has lost its function (serverless.yml: 29 s). */
const LEASE_MS = 35_000
const LOOK_AGAIN_MS = 250
/** WeChat's word on a media_id is waited for so long. */
const ASK_MS = 3_000
const MIN_REMAINING_MS = 3_000
const LEASE_ID_LENGTH = 16
const MAX_TRIES = 5

/** A valid media. */
export interface Renewed {
  data: TemporaryData & { type: MediaType }
  /** Whether it is another media_id than the one asked for. */
  renewed: boolean
}

/**
 * Throws `MEDIA_NOT_FOUND` when neither WeChat nor the store has the bytes, `FILE_TYPE_NOT_ALLOWED` for bytes that WeChat
 * gives out and does not take (SILK, speex), `OUT_OF_TIME` while another caller's upload takes too long.
 */
export async function renewMedia(ports: CopyPorts, name: MediaName, call: Call): Promise<Renewed> {
  const { table, clock } = ports
  const asked = await findTemporary(table, name, call.signal)
  const root = { ...name, mediaId: asked?.data.renewed_from ?? name.mediaId }
  while (call.remaining() > MIN_REMAINING_MS) {
    const row = await findTemporary(table, root, call.signal)
    if (row?.data.state === 'ERASED' || row?.data.removing) throw gone(name)
    if (row?.data.renewing && row.data.renewing.until > clock.now()) {
      await clock.sleep(LOOK_AGAIN_MS, call.signal)
      continue
    }
    const valid = row && (await validOf(ports, row, call.signal))
    if (valid) return { data: valid, renewed: valid.media_id !== name.mediaId }
    const kept = await getTemporaryMedia(ports, root, call.signal)
    const claimed = await claim(ports, root, kept, call.signal)
    const data = claimed && (await uploadAgain(ports, claimed, call.signal))
    if (data) return { data, renewed: true }
  }
  throw new AppError('OUT_OF_TIME', 'The media is being uploaded for another caller; try again.', {}, { retryAfter: 2 })
}

/** The media itself or its latest successor, if WeChat has it and surely keeps it for a while. */
async function validOf(
  ports: CopyPorts,
  { data }: TemporaryRow,
  signal: AbortSignal,
): Promise<Renewed['data'] | undefined> {
  const { table, clock } = ports
  const { app_id: appId, renewed_as: mediaId } = data
  const latest = mediaId === undefined ? data : (await findTemporary(table, { appId, mediaId }, signal))?.data
  if (!latest?.type || !latest.age_known || latest.state === 'LOST') return undefined
  if (latest.expires_at - clock.now() <= ENOUGH_MS) return undefined
  return (await isDropped(ports, latest, signal)) ? undefined : { ...latest, type: latest.type }
}

/** Whether WeChat says that it has not got it, whatever its age. The answer's head tells: no file is fetched. */
async function isDropped(
  { wechat, clock }: CopyPorts,
  { app_id, media_id }: TemporaryData,
  signal: AbortSignal,
): Promise<boolean> {
  const enough = new AbortController()
  const asked = wechat
    .media(app_id)
    .get(media_id, AbortSignal.any([signal, enough.signal]))
    .then(media => {
      if (media.kind === 'binary') media.body.destroy()
      return false
    })
    // While WeChat cannot say, the media's age is what is known.
    .catch(error => error instanceof AppError && error.code === 'MEDIA_NOT_FOUND' && error.wechat !== undefined)
  const patience = clock.sleep(ASK_MS, enough.signal).catch(() => undefined)
  try {
    return (await Promise.race([asked, patience])) ?? false
  } finally {
    enough.abort()
  }
}

/** One of several callers gets it. */
async function claim(
  { table, clock, random }: CopyPorts,
  root: MediaName,
  kept: KeptTemporary,
  signal: AbortSignal,
): Promise<KeptTemporary | undefined> {
  const row = await findTemporary(table, root, signal)
  const isFree = !row?.data.renewing || row.data.renewing.until <= clock.now()
  if (!row || !isFree || row.data.removing || row.data.renewed_as !== kept.renewed_as) return undefined
  const renewing = { id: randomId(random, LEASE_ID_LENGTH), until: clock.now() + LEASE_MS }
  const claimed = { ...row.data, file: kept.file, renewing }
  return (await table.put(temporaryRow(claimed), row.version, signal)).ok ? claimed : undefined
}

/**
 * The successor, `undefined` when the claim was lost meanwhile. The first media names it before it is tracked: an erasure
 * then knows of it, whatever it finds of it, and one that was faster leaves nothing to track.
 */
async function uploadAgain(
  ports: CopyPorts,
  root: KeptTemporary,
  signal: AbortSignal,
): Promise<Renewed['data'] | undefined> {
  const { table, objects, wechat } = ports
  const { app_id: appId, file, openid_hash: openidHash, filename } = root
  try {
    const type = root.type ?? mediaTypeOf(file.content_type)
    if (!type) throw new AppError('FILE_TYPE_NOT_ALLOWED', 'The bytes are of no format that WeChat takes.')
    const media = await wechat.media(appId).upload(
      type,
      {
        filename: file.filename,
        contentType: file.content_type,
        size: file.size,
        sha256: file.sha256,
        open: async abort => {
          const object = await objects.read(file.object_key, abort ? { signal: abort } : {})
          if (!object) throw new AppError('OBJECT_CHANGED', 'The copy went away meanwhile; try again.')
          return object.body
        },
      },
      signal,
    )
    const isNamed = await settle(ports, root, ({ renewing }) => ({ renewing, renewed_as: media.media_id }))
    if (!isNamed) return undefined
    const { data } = await trackMedia(ports, {
      ...{ appId, mediaId: media.media_id, source: 'upload', type, createdAt: media.created_at * 1000 },
      ...{ file, filename, openidHash, renewedFrom: root.media_id },
      rule: await archiveRules(table)(appId),
    })
    if (data.state === 'ERASED') throw gone({ mediaId: root.media_id })
    // The lease ends by itself, too.
    await settle(ports, root, ({ renewed_as }) => ({ renewed_as })).catch(() => undefined)
    return { ...data, type }
  } catch (error) {
    // The next caller need not wait for the lease; nobody but WeChat holds what may have been uploaded in vain.
    await settle(ports, root, ({ renewed_as }) => ({ renewed_as })).catch(() => undefined)
    throw error
  }
}

/** Changes the first media while it is ours; false once it is not. Of two claims the later one counts. */
async function settle(
  { table }: CopyPorts,
  root: TemporaryData,
  change: (data: TemporaryData) => Pick<TemporaryData, 'renewing' | 'renewed_as'>,
): Promise<boolean> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const row = await findTemporary(table, { appId: root.app_id, mediaId: root.media_id })
    if (!row || row.data.renewing?.id !== root.renewing?.id) return false
    const { renewing: _, renewed_as: __, ...rest } = row.data
    const { renewing, renewed_as } = change(row.data)
    const next = { ...rest, ...(renewing && { renewing }), ...(renewed_as !== undefined && { renewed_as }) }
    if ((await table.put(temporaryRow(next), row.version)).ok) return true
  }
  throw new AppError('WRITE_CONFLICT', 'The media is being changed by others; try again.')
}
