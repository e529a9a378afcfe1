/** Says what users of a mini program may do; invoked by hand, for no client may decide that. */
import { serve, table } from '#host'
import { job } from '../shared/core/operation.ts'
import { GrantCall } from '../shared/core/schemas/calls.ts'
import { putGrant as put } from '../shared/domain/keys/putGrant.ts'

export const putGrant = job({
  id: 'putGrant',
  summary: 'Says what users of a mini program may do, on WeChat Cloud',
  triggers: ['call'],
  needs: ['table'],
  run: async (event, ports, { signal }) => ({ grant: await put(ports, GrantCall.parse(event).payload, signal) }),
})

export const main = serve(putGrant, { table })
