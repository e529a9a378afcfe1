/** The local stack's configuration (service-api.md §6), read from the environment once. */
import { resolve } from 'node:path'
import * as z from 'zod'

const Port = z.coerce.number().pipe(z.int().min(0).max(65_535))

const Environment = z.object({
  PORT: Port.default(3000),
  S3_PORT: Port.optional(),
  TABLE_PORT: Port.optional(),
  WECHAT_PORT: Port.optional(),
  DATA_DIR: z.string().min(1).default('.data'),
  WECHAT_API_BASE_URL: z.url().optional(),
  WECHAT_ACCOUNTS: z.string().min(1).optional(),
  API_KEY: z.string().min(16, 'must have at least 16 characters').optional(),
  AWS_ENDPOINT_URL_S3: z.url().optional(),
  AWS_ENDPOINT_URL_DYNAMODB: z.url().optional(),
  BUCKET: z.string().min(3).default('sucai'),
  TABLE_NAME: z.string().min(3).default('sucai'),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  SUCAI_CLOCK_AHEAD_S: z.coerce.number().pipe(z.int().min(0)).default(0),
  SUCAI_STOP_AT: z.string().optional(),
})

/** What the stack is started with; an absent URL means that the embedded server is started. */
export interface Settings {
  ports: { gateway: number; s3: number; table: number; wechat: number }
  /** absolute */
  dataDir: string
  bucket: string
  tableName: string
  logLevel: string
  wechatUrl?: string
  s3Url?: string
  tableUrl?: string
  /** For tests: how far the stack's time is ahead of the machine's. */
  clockAheadMs: number
  /** For tests: where the process stops; see shared/hosts/local/stopPoints.ts. */
  stopAt?: string
  /** JSON text or a file's path. */
  accounts?: string
  apiKey?: string
}

/** Throws `ZodError` that names a malformed variable. An empty variable counts as unset. Port 0 makes all ports free ones. */
export function readSettings(environment: Record<string, string | undefined>): Settings {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  const values = Environment.parse(given)
  const after = (step: number) => (values.PORT === 0 ? 0 : values.PORT + step)
  return {
    ports: {
      gateway: values.PORT,
      s3: values.S3_PORT ?? after(1),
      table: values.TABLE_PORT ?? after(2),
      wechat: values.WECHAT_PORT ?? after(3),
    },
    dataDir: resolve(values.DATA_DIR),
    bucket: values.BUCKET,
    tableName: values.TABLE_NAME,
    logLevel: values.LOG_LEVEL,
    clockAheadMs: values.SUCAI_CLOCK_AHEAD_S * 1000,
    ...(values.SUCAI_STOP_AT !== undefined && { stopAt: values.SUCAI_STOP_AT }),
    ...(values.WECHAT_API_BASE_URL !== undefined && { wechatUrl: values.WECHAT_API_BASE_URL }),
    ...(values.AWS_ENDPOINT_URL_S3 !== undefined && { s3Url: values.AWS_ENDPOINT_URL_S3 }),
    ...(values.AWS_ENDPOINT_URL_DYNAMODB !== undefined && { tableUrl: values.AWS_ENDPOINT_URL_DYNAMODB }),
    ...(values.WECHAT_ACCOUNTS !== undefined && { accounts: values.WECHAT_ACCOUNTS }),
    ...(values.API_KEY !== undefined && { apiKey: values.API_KEY }),
  }
}
