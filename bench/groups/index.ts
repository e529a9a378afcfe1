/** Every group, in the order of the table. A new one is a file here and a line in this list. */
import type { Group } from '../harness/row.ts'
import { bundles } from './bundles.ts'
import { cost } from './cost.ts'
import { direct } from './direct.ts'
import { init } from './init.ts'
import { list } from './list.ts'
import { mirror } from './mirror.ts'
import { relay } from './relay.ts'
import { requests } from './requests.ts'
import { stack } from './stack.ts'
import { tokens } from './tokens.ts'
import { webhook } from './webhook.ts'
import { wxcloud } from './wxcloud.ts'

/** The groups. */
export const GROUPS: readonly Group[] = [
  ...[relay, direct, mirror, list, tokens, bundles, init],
  ...[requests, cost, stack, webhook, wxcloud],
]
