/** Streams a posted object into WeChat; started by the storage event, by callers and by the sweeper. */
import { objects, serve, table, wechat } from '#host'
import { job } from '../shared/core/operation.ts'
import { UploadCall } from '../shared/core/schemas/calls.ts'
import { forwardUpload as forward } from '../shared/domain/uploads/forwardUpload.ts'
import { parseObjectKey } from '../shared/domain/uploads/uploadRow.ts'

export const forwardUpload = job({
  id: 'forwardUpload',
  summary: 'Streams a posted object into WeChat',
  triggers: ['object', 'call'],
  needs: ['table', 'objects', 'wechat'],
  run: async (event, ports, call) => {
    const hint = event.trigger === 'object' ? parseObjectKey(event.key) : UploadCall.parse(event).payload
    if (!hint) {
      ports.log.warn('an object that no upload asked for', { event })
      ports.metrics.record('ObjectUnasked', 1)
      return { state: null }
    }
    return { state: (await forward(ports, hint, call)) ?? null }
  },
})

export const main = serve(forwardUpload, { table, objects, wechat })
