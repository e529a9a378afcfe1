/** The servers and contestants of every row that moves files, started together and ended together. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FileTask, OurFileActions } from '../actors/ourFiles.ts'
import type { PeerFileActions, PeerSettings } from '../actors/peerFiles.ts'
import type { PlainFileActions, PlainSettings } from '../actors/plainFiles.ts'
import { type Actor, startActor } from '../harness/actor.ts'
import type { Actions } from '../harness/actorPort.ts'
import { temporaryFolder } from '../harness/bundled.ts'
import { PEERS, type PeerName } from '../harness/peerClients.ts'
import { tlsIdentity } from '../harness/tlsIdentity.ts'
import { sampleFile, sha256 } from '../standIns/server.ts'
import type { StoreActions, StoreSettings } from '../standIns/store.ts'
import type { WeChatActions, WeChatSettings } from '../standIns/weChat.ts'

/** The file of all rows: what WeChat takes of an image at the most, in round figures. */
export const FILE_BYTES = 10_000_000

/** Runs `use` with actors that end afterwards, whatever happens. */
export async function withActors<T>(use: (keep: Keep) => Promise<T>): Promise<T> {
  const open: { close(): Promise<void> }[] = []
  try {
    return await use(async starting => {
      const actor = await starting
      open.push(actor)
      return actor
    })
  } finally {
    await Promise.all(open.map(actor => actor.close()))
  }
}

/** Remembers an actor for the end. */
export type Keep = <A extends Actions>(actor: Promise<Actor<A>>) => Promise<Actor<A>>

/** Both stand-ins, over TLS, with files of `fileBytes`. */
export async function fileServers(keep: Keep, fileBytes = FILE_BYTES) {
  const tls = tlsIdentity()
  const store = await keep(startActor<StoreActions, StoreSettings>('standIns/store.ts', { tls, fileBytes }))
  const weChat = await keep(startActor<WeChatActions, WeChatSettings>('standIns/weChat.ts', { tls, fileBytes }))
  const [{ url: storeUrl }, { url: weChatUrl }] = [await store.call('facts'), await weChat.call('facts')]
  return { store, weChat, storeUrl, weChatUrl }
}

/** Contestants by name; `peers` are there when they are installed. */
export interface Contestants {
  limit: Actor<PlainFileActions>
  ours: Actor<OurFileActions>
  peers: Map<PeerName, Actor<PeerFileActions>>
}

/** Starts ours, the limit and the peers against the given addresses. */
export async function contestants(
  keep: Keep,
  { storeUrl, weChatUrl }: PlainSettings,
  withPeers: boolean,
): Promise<Contestants> {
  const env = storeEnvironment(storeUrl, weChatUrl)
  const limit = await keep(startActor<PlainFileActions, PlainSettings>('actors/plainFiles.ts', { storeUrl, weChatUrl }))
  const ours = await keep(startActor<OurFileActions, null>('actors/ourFiles.ts', null, { env, asFunction: true }))
  const peers = new Map<PeerName, Actor<PeerFileActions>>()
  for (const name of withPeers ? PEERS : []) {
    const settings = { name, weChatUrl, folder: temporaryFolder() }
    peers.set(name, await keep(startActor<PeerFileActions, PeerSettings>('actors/peerFiles.ts', settings, { env })))
  }
  return { limit, ours, peers }
}

/** What a deployment would set. */
export const storeEnvironment = (storeUrl: string, weChatUrl: string): Record<string, string> => ({
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'AKIDBENCH',
  AWS_SECRET_ACCESS_KEY: 'secret',
  AWS_ENDPOINT_URL_S3: storeUrl,
  WECHAT_API_BASE_URL: weChatUrl,
  BUCKET: 'bucket',
  LOG_LEVEL: 'error',
})

/** `files` files at once, each of `size` bytes; the same bytes lie in a file on disk. */
export function fileTask(files: number, size = FILE_BYTES): FileTask {
  const bytes = sampleFile(size)
  const path = join(temporaryFolder(), 'sample.png')
  writeFileSync(path, bytes)
  return { size, sha256: sha256(bytes), files, path }
}
