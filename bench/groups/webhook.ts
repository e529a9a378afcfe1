/** Fans' messages at the rate of a large account, each encrypted and answered by the function as it is deployed (reliability.md §2). */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import type { MessageFields } from '../../local/wechat/push/fanMessage.ts'
import { pushRequest } from '../../local/wechat/push/pushRequest.ts'
import { bundleFor } from '../../scripts/bundle.ts'
import { FUNCTIONS } from '../../scripts/functionList.ts'
import { type AccountData, accountRow } from '../../shared/core/account.ts'
import { systemRandom } from '../../shared/hosts/systemRandom.ts'
import { rowItem } from '../../shared/stores/tableItem.ts'
import type { WebhookActions } from '../actors/webhookProbe.ts'
import { startActor } from '../harness/actor.ts'
import { temporaryFolder } from '../harness/bundled.ts'
import type { Group, Row } from '../harness/row.ts'
import { percentile } from '../harness/sampling.ts'
import type { CloudActions, CloudSettings } from '../standIns/cloud.ts'
import { type Keep, storeEnvironment, withActors } from './fileWorld.ts'

const FUNCTION = 'receiveMessage'
const APP_ID = 'wx0123456789abcdef'
const CALLBACK = { token: 'benchToken', aes_key: 'benchEncodingAESKeyabcdefghijklmnopqrst0123' }
const PER_SECOND = 200
const SECONDS = 30
/** About what DynamoDB, KMS and Lambda's Invoke take within a region. */
const LATENCY_MS = 5

/** Measurements cross a process border as JSON. */
const Delivered = z.object({ walls: z.array(z.number()), wrong: z.number() })

/** A single process takes what a deployment spreads over many. */
export const webhook: Group = { name: 'webhook', run: ({ progress }) => withActors(keep => measure(keep, progress)) }

async function measure(keep: Keep, progress: (text: string) => void): Promise<Row[]> {
  const settings: CloudSettings = {
    item: accountItem(),
    secret: JSON.stringify(CALLBACK),
    latencyMs: LATENCY_MS,
  }
  const cloud = await keep(startActor<CloudActions, CloudSettings>('standIns/cloud.ts', settings))
  const { url } = await cloud.call('facts')
  const env = {
    ...storeEnvironment(url, url),
    ...{ AWS_ENDPOINT_URL_DYNAMODB: url, AWS_ENDPOINT_URL_KMS: url, AWS_ENDPOINT_URL_LAMBDA: url },
    ...{ TABLE_NAME: 'sucai', KMS_KEY_ID: 'alias/sucai', AWS_LAMBDA_FUNCTION_NAME: FUNCTION },
  }
  const { file, bytes } = await functionFile()
  const actor = await keep(startActor<WebhookActions, { file: string }>('actors/webhookProbe.ts', { file }, { env }))
  progress(`${PER_SECOND} messages a second for ${SECONDS} s`)
  const events = Array.from({ length: PER_SECOND * SECONDS }, (_, n) => pushEvent(n))
  const { value, cpuMs } = await actor.measure('deliver', { events, perSecond: PER_SECOND })
  const { walls, wrong } = Delivered.parse(value)
  const { rows, invoked } = await cloud.call('seen')
  const lost = PER_SECOND * SECONDS - Math.min(rows, invoked)
  const rate = `${PER_SECOND} messages a second for ${SECONDS} s`
  const note = `one process for all; store, KMS and Invoke answer after ${LATENCY_MS} ms, without TLS: a sandbox shakes hands once`
  return [
    {
      id: '17a',
      metric: `callback, ${rate}: p99`,
      unit: 'ms',
      ours: percentile(walls, 0.99),
      goals: [{ atMost: 1_000 }],
      note,
    },
    {
      id: '17b',
      metric: `callback, ${rate}: slowest`,
      unit: 'ms',
      ours: Math.max(...walls),
      goals: [{ atMost: 5_000 }],
    },
    {
      id: '17c',
      metric: `callback, ${rate}: not answered success, not kept or not handed over`,
      unit: 'messages',
      ours: wrong + lost,
      goals: [{ atMost: 0 }],
    },
    {
      id: '17d',
      metric: 'callback, CPU of a message',
      unit: 'ms',
      ours: cpuMs / events.length,
      // 200 a second are a whole processor at 5 ms.
      goals: [{ atMost: 1_000 / PER_SECOND }],
    },
    { id: '17e', metric: 'callback, bundle', unit: 'kB', ours: bytes / 1_000, goals: [{ atMost: 300 }] },
  ]
}

function pushEvent(n: number): unknown {
  const fields: MessageFields = [
    ['ToUserName', 'gh_97417a04a28d'],
    ['FromUserName', `o9AgO5Kd5ggOC-bXrbNOD${n}`],
    ['CreateTime', BigInt(Math.floor(Date.now() / 1000))],
    ['MsgType', 'image'],
    ['PicUrl', 'http://mmbiz.qpic.cn/mmbiz_jpg/bench/0'],
    ['MediaId', randomBytes(48).toString('base64url')],
    ['MsgId', 2n ** 62n + BigInt(n)],
  ]
  const settings = {
    url: `https://api.example.com/wechat/callback/${APP_ID}`,
    token: CALLBACK.token,
    aesKey: CALLBACK.aes_key,
  }
  const push = { ...settings, mode: 'safe' as const, format: 'xml' as const, ghId: 'gh_97417a04a28d' }
  const { url, headers, body } = pushRequest(push, { appId: APP_ID, fields, random: systemRandom, now: Date.now() })
  const { pathname, search } = new URL(url)
  return {
    ...{ version: '2.0', rawPath: pathname, rawQueryString: search.slice(1), headers, body, isBase64Encoded: false },
    pathParameters: { appId: APP_ID },
    requestContext: { domainName: 'api.example.com', http: { method: 'POST', path: pathname } },
  }
}

function accountItem() {
  const data: AccountData = {
    ...{ app_id: APP_ID, name: '', kind: 'official', articles: 'draft', limits: 'current', credential: 'stable_token' },
    ...{ sealed_secret: 'c2VhbGVk', sealed_callback: 'c2VhbGVk' },
  }
  return rowItem({ ...accountRow(data), version: 1 }, 'bench')
}

async function functionFile(): Promise<{ file: string; bytes: number }> {
  const facts = FUNCTIONS.filter(({ id }) => id === FUNCTION)
  const { files, bundles } = await bundleFor('lambda', facts, { outdir: temporaryFolder() })
  const file = join(temporaryFolder(), `${FUNCTION}.cjs`)
  writeFileSync(file, files[0]?.contents ?? '')
  return { file, bytes: bundles[0]?.bytes ?? 0 }
}
