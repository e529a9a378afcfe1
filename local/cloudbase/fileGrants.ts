/** Signed addresses of the stand-in's storage: whoever has one may do what it says until it ends. */
import { createHmac, timingSafeEqual } from 'node:crypto'

/** The platform decides how long an upload may take to begin. */
const UPLOAD_SECONDS = 900

/** Signs and checks; `now` in ms. */
export interface FileGrants {
  /** The value of the `authorization` header for a PUT of `key`. */
  upload(key: string): string
  allowsUpload(key: string, authorization: string | undefined): boolean
  /** The query of a GET of `key` for `seconds`. */
  download(key: string, seconds: number): string
  allowsDownload(key: string, query: URLSearchParams): boolean
}

/** Grants under `secret`. */
export function fileGrants(secret: string, now: () => number): FileGrants {
  const seal = (text: string) => createHmac('sha1', secret).update(text).digest('hex')
  const isSealed = (text: string, seal_: string | null | undefined) => {
    const given = Buffer.from(seal_ ?? '')
    const right = Buffer.from(seal(text))
    return given.length === right.length && timingSafeEqual(given, right)
  }
  const seconds = () => Math.floor(now() / 1000)
  return {
    upload(key) {
      const time = `${seconds()};${seconds() + UPLOAD_SECONDS}`
      const signature = seal(`put\n${key}\n${time}`)
      return `q-sign-algorithm=sha1&q-ak=local&q-sign-time=${time}&q-key-time=${time}&q-header-list=&q-url-param-list=&q-signature=${signature}`
    },
    allowsUpload(key, authorization) {
      const given = new URLSearchParams(authorization ?? '')
      const time = given.get('q-sign-time') ?? ''
      const end = Number(time.split(';')[1] ?? 0)
      return end > seconds() && isSealed(`put\n${key}\n${time}`, given.get('q-signature'))
    },
    download(key, life) {
      const end = String(seconds() + life)
      return `sign=${seal(`get\n${key}\n${end}`)}&t=${end}`
    },
    allowsDownload(key, query) {
      const end = query.get('t') ?? ''
      return Number(end) > seconds() && isSealed(`get\n${key}\n${end}`, query.get('sign'))
    },
  }
}
