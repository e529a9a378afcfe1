/** A peer as it is used: it sends files from disk only, so an object is downloaded first. */
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { type PeerName, peerClient } from '../harness/peerClients.ts'
import type { FileTask } from './ourFiles.ts'

/** Which one, where WeChat is, and where files may lie. */
export interface PeerSettings {
  name: PeerName
  weChatUrl: string
  folder: string
}

/** Its actions. */
export type PeerFileActions = ReturnType<typeof start>

/** Makes the client; the store comes from the environment. */
export function start({ name, weChatUrl, folder }: PeerSettings) {
  const client = peerClient(name, weChatUrl)
  const store = new S3Client({ forcePathStyle: true })
  let made = 0

  const relayOne = async (): Promise<void> => {
    const path = join(folder, `${process.pid}-${made++}.png`)
    const { Body } = await store.send(new GetObjectCommand({ Bucket: 'bucket', Key: 'in/x.png' }))
    if (!(Body instanceof Readable)) throw new TypeError('no stream')
    await pipeline(Body, createWriteStream(path))
    await client.addMaterial(path)
    await rm(path)
  }

  const times = (files: number, one: () => Promise<unknown>) =>
    Promise.all(Array.from({ length: files }, one)).then(() => undefined)
  return {
    relay: ({ files }: FileTask) => times(files, relayOne),
    upload: ({ files, path = '' }: FileTask) => times(files, () => client.addMaterial(path)),
  }
}
