/** Shows the contract to people; public. */
import { serveOpen } from '#host'
import { DOCS_HEADERS, DOCS_PAGE } from '../shared/core/docsPage.ts'
import { operation } from '../shared/core/operation.ts'
import { PageAnswer } from '../shared/core/schemas/contract.ts'

export const docs = operation({
  id: 'docs',
  method: 'GET',
  path: '/docs',
  role: 'public',
  summary: 'The contract as a page',
  response: PageAnswer,
  produces: 'text/html',
  needs: [],
  run: async () => new Response(DOCS_PAGE, { headers: DOCS_HEADERS }),
})

export const main = serveOpen(docs, {})
