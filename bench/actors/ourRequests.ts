/** What one request costs us beside its work, bundled like a function: the chain, a row, a signed URL. */
import * as z from 'zod'
import { operation } from '../../shared/core/operation.ts'
import { endpoint } from '../../shared/core/pipeline.ts'
import { ambient } from '../../shared/hosts/ambient.ts'
import { signer } from '../../shared/hosts/aws/signer.ts'
import { table } from '../../shared/hosts/aws/table.ts'

/** Its actions: so many, one after another. */
export type RequestActions = {
  chain: (times: number) => Promise<void>
  getItem: (times: number) => Promise<void>
  presign: (times: number) => Promise<void>
}

const KEY = { pk: 'KEY', sk: 'x' }

/** Stores come from the environment; the log is at `error`. */
export function start(): RequestActions {
  const request = new Request('https://api.example.com/healthz')
  const empty = operation({
    ...{ id: 'empty', method: 'GET', path: '/empty', role: 'public', summary: 'Nothing', response: z.unknown() },
    ...{ needs: [], run: async () => new Response(null) },
  })
  const chain = endpoint(empty, { ambient, ports: ambient })
  const call = { requestId: 'bench', remaining: () => 29_000, signal: new AbortController().signal }
  return {
    async chain(times) {
      for (let index = 0; index < times; index++) await chain({ request, params: {}, call })
    },
    async getItem(times) {
      for (let index = 0; index < times; index++) await table().get(KEY)
    },
    async presign(times) {
      const grant = { expiresIn: 900, contentType: 'image/png', contentDisposition: 'attachment; filename="x.png"' }
      for (let index = 0; index < times; index++) await signer().downloadUrl(`store/x/${index}.png`, grant)
    },
  }
}
