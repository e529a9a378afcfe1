/** `POST /cgi-bin/openapi/quota/get`: what is left of a path's quota (wechat-api.md §5). */
import * as z from 'zod'
import type { Outcome } from '../answer.ts'
import type { Call } from '../endpoint.ts'
import { fields, jsonBody } from '../jsonBody.ts'
import { dailyQuota, hasQuota, minuteQuota, usageOf } from '../quotas.ts'
import { Refusal } from '../refusal.ts'

const SECONDS_PER_MINUTE = 60

/** Refuses a path without its leading slash with 76003, an unknown one with 76021. */
export function quotaGet({ simulator, account, body }: Call): Outcome {
  const { cgi_path: path } = fields(z.object({ cgi_path: z.string() }), jsonBody(body), 76003)
  if (!path.startsWith('/')) throw new Refusal(76003)
  if (!hasQuota(path)) throw new Refusal(76021)
  const limit = dailyQuota(account, path)
  const used = usageOf(account, path, simulator.now()).today
  const perMinute = minuteQuota(account, path)
  return {
    json: {
      errcode: 0,
      errmsg: 'ok',
      quota: { daily_limit: limit, used, remain: Math.max(0, limit - used) },
      ...(perMinute !== undefined && {
        rate_limit: { call_count: perMinute, refresh_second: SECONDS_PER_MINUTE },
      }),
    },
  }
}
