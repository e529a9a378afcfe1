/** Adopts a temporary media whose media_id was obtained elsewhere: it is copied before WeChat drops it. */
import { serve, signer, table } from '#host'
import { AppError } from '../shared/core/errors.ts'
import { operation } from '../shared/core/operation.ts'
import { TemporaryAnswer, TrackBody } from '../shared/core/schemas/temporary.ts'
import { temporaryView } from '../shared/domain/temporary/temporaryView.ts'
import { trackMedia } from '../shared/domain/temporary/trackMedia.ts'

/** Clocks of others may be a little ahead, s. */
const SKEW_S = 300

export const trackTemporaryMedia = operation({
  id: 'trackTemporaryMedia',
  method: 'POST',
  path: '/wechat/media/temporary/track',
  role: 'write',
  miniProgram: true,
  summary: 'Keep a media that was uploaded elsewhere',
  body: TrackBody,
  response: TemporaryAnswer,
  needs: ['table', 'signer'],
  errors: ['WRITE_CONFLICT'],
  run: async ({ appId, body: { media_id: mediaId, type, created_at, hd } }, ports, { signal }) => {
    const now = ports.clock.now()
    if (created_at !== undefined && created_at > now / 1000 + SKEW_S) {
      const issues = [{ in: 'body', field: 'created_at', problem: 'is in the future; seconds are meant' }]
      throw new AppError('INVALID_REQUEST', 'The body is not valid: created_at: is in the future.', { issues })
    }
    const createdAt = created_at === undefined ? undefined : Math.min(created_at * 1000, now)
    const { data } = await trackMedia(ports, { appId, mediaId, source: 'tracked', type, createdAt, hd }, signal)
    return { data: await temporaryView(ports, data) }
  },
})

export const main = serve(trackTemporaryMedia, { table, signer })
