/** The dashboard shows each function under the name that it has in the account: CloudWatch searches for no prefixes. */
import { expect, it } from 'vitest'
import * as z from 'zod'
import { dashboard } from '../../deploy/dashboard.ts'
import { FUNCTIONS } from '../../scripts/functionList.ts'

const Body = z.object({ 'Fn::Join': z.tuple([z.literal(''), z.array(z.unknown())]) })
const Page = z.object({
  widgets: z.array(z.object({ properties: z.object({ title: z.string(), metrics: z.array(z.array(z.unknown())) }) })),
})

/** The page as the stack `sucai-dev` has it. */
function page(): z.infer<typeof Page> {
  const [, parts] = Body.parse(dashboard()['Dashboard']?.Properties['DashboardBody'])['Fn::Join']
  const text = parts.map(part => (typeof part === 'string' ? part : 'sucai-dev')).join('')
  return Page.parse(JSON.parse(text))
}

it.each(['Errors', 'Throttles'])('%s are drawn for every function by its whole name', name => {
  const graph = page().widgets.find(({ properties }) => properties.title === `${name} by function`)
  const metrics = graph?.properties.metrics ?? []
  expect(metrics[0]?.slice(0, 3)).toEqual(['AWS/Lambda', name, 'FunctionName'])
  expect(metrics.map(metric => metric.at(-1)).sort()).toEqual(FUNCTIONS.map(({ id }) => `sucai-dev-${id}`).sort())
})
