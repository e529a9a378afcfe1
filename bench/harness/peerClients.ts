/** The two npm clients behind one shape: what each of them can do of what we measure. */
import { peerModule } from './peers.ts'

/** A client of WeChat that sends files from disk. */
export interface PeerClient {
  addMaterial(path: string): Promise<unknown>
  listMaterials(offset: number, count: number): Promise<unknown>
  countMaterials(): Promise<unknown>
}

/** Their names on npm. */
export const PEERS = ['co-wechat-api', 'wechat-api'] as const

/** One of them. */
export type PeerName = (typeof PEERS)[number]

interface CoApi {
  prefix: string
  uploadMaterial(path: string, type: string): Promise<unknown>
  getMaterials(type: string, offset: number, count: number): Promise<unknown>
  getMaterialCount(): Promise<unknown>
}

type Callback = (error: unknown, result: unknown) => void

interface CallbackApi {
  endpoint: string
  uploadMaterial(path: string, type: string, done: Callback): void
  getMaterials(type: string, offset: number, count: number, done: Callback): void
  getMaterialCount(done: Callback): void
}

/** As their constructors take it: without the functions the client fetches its own tokens. */
type Constructor<T> = new (appId: string, secret: string, get?: unknown, save?: unknown) => T

const SECRET = '0123456789abcdef0123456789abcdef'
const APP_ID = 'wx0123456789abcdef'
const STANDING = { accessToken: 'token-1', expireTime: 8e15 }

/** A client at `url`; with `ownToken` it fetches its tokens itself, else it has one that never ends. */
export function peerClient(name: PeerName, url: string, ownToken = false): PeerClient {
  if (name === 'co-wechat-api') {
    const Api = peerModule(name) as Constructor<CoApi>
    const api = ownToken
      ? new Api(APP_ID, SECRET)
      : new Api(
          APP_ID,
          SECRET,
          async () => STANDING,
          async () => undefined,
        )
    api.prefix = `${url}/cgi-bin/`
    return {
      addMaterial: path => api.uploadMaterial(path, 'image'),
      listMaterials: (offset, count) => api.getMaterials('image', offset, count),
      countMaterials: () => api.getMaterialCount(),
    }
  }
  const Api = peerModule(name) as Constructor<CallbackApi>
  const given = [(done: Callback) => done(null, STANDING), (_token: unknown, done: Callback) => done(null, undefined)]
  const api = ownToken ? new Api(APP_ID, SECRET) : new Api(APP_ID, SECRET, ...given)
  api.endpoint = url
  return {
    addMaterial: path => promised(done => api.uploadMaterial(path, 'image', done)),
    listMaterials: (offset, count) => promised(done => api.getMaterials('image', offset, count, done)),
    countMaterials: () => promised(done => api.getMaterialCount(done)),
  }
}

const promised = (run: (done: Callback) => void): Promise<unknown> =>
  new Promise((resolve, reject) => run((error, result) => (error ? reject(error) : resolve(result))))
