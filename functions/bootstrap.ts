/** Makes the first admin key of a deployment; invoked once by hand, for there is no key yet that could ask for one. */
import { serve, table } from '#host'
import { job } from '../shared/core/operation.ts'
import { firstKey } from '../shared/domain/keys/firstKey.ts'

export const bootstrap = job({
  id: 'bootstrap',
  summary: 'Makes the first admin key, once',
  triggers: ['call'],
  needs: ['table'],
  run: async (_event, ports) => {
    const { key, data } = await firstKey(ports)
    return { key, key_id: data.key_id, role: data.role, app_ids: data.app_ids }
  },
})

export const main = serve(bootstrap, { table })
