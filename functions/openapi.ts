/** Hands out the contract; public. */
import { serveOpen } from '#host'
import { contractText } from '../shared/core/contractText.ts'
import { operation } from '../shared/core/operation.ts'
import { ContractAnswer } from '../shared/core/schemas/contract.ts'

export const openapi = operation({
  id: 'openapi',
  method: 'GET',
  path: '/openapi.json',
  role: 'public',
  summary: 'This contract',
  response: ContractAnswer,
  needs: [],
  run: async () =>
    new Response(contractText(), {
      headers: { 'content-type': 'application/json', 'cache-control': 'public, max-age=300' },
    }),
})

export const main = serveOpen(openapi, {})
