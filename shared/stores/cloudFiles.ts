/** The storage calls of the CloudBase SDK: addresses and removals by path; bytes go over HTTP (wechat-api.md §8). */
import type { CloudBaseClient } from './cloudBase.ts'
import { cloudFailure } from './cloudFailure.ts'

const MISSING = /NON_?EXIST|NOT_?EXIST|NOT_?FOUND/i

/** Where and with which headers a file may be put. */
export interface UploadAddress {
  url: string
  headers: Record<string, string>
}

/** Files by their path in the environment's storage. Throws `AppError` as {@link cloudFailure} says. */
export interface CloudFiles {
  uploadAddress(path: string): Promise<UploadAddress>
  /** `origin`: of the store itself, past every cache. `undefined` when the storage says that there is no such file. */
  downloadAddress(path: string, options: { seconds: number; origin: boolean }): Promise<string | undefined>
  /** A file that does not exist is no error. */
  remove(path: string): Promise<void>
}

/** The files of the client's environment. */
export function cloudFiles(client: CloudBaseClient): CloudFiles {
  let root: string | undefined

  const metadata = async (path: string) => {
    const { data } = await (await client()).getUploadMetadata({ cloudPath: path })
    root ??= data.fileId.slice(0, -path.length)
    return data
  }
  /** `cloud://<env>.<bucket>/<path>`; only the storage knows its bucket, and it tells with every upload address. */
  const fileId = async (path: string): Promise<string> => {
    if (root === undefined) await metadata(path)
    return `${root}${path}`
  }

  return {
    uploadAddress: path =>
      guarded(async () => {
        const { url, token, authorization, cosFileId } = await metadata(path)
        // What the SDK itself sends with a file.
        const headers = {
          ...{ signature: authorization, authorization, key: encodeURIComponent(path) },
          ...{ 'x-cos-security-token': token, 'x-cos-meta-fileid': cosFileId },
        }
        return { url, headers }
      }),

    downloadAddress: (path, { seconds, origin }) =>
      guarded(async () => {
        const file = { fileID: await fileId(path), maxAge: seconds, ...(origin && { urlType: 'COS_URL' as const }) }
        const { fileList } = await (await client()).getTempFileURL({ fileList: [file] })
        const [found] = fileList
        if (found?.code === 'SUCCESS') {
          // Only the store's own addresses come encoded.
          return origin ? found.tempFileURL : encodeURI(found.tempFileURL)
        }
        if (MISSING.test(found?.code ?? '')) return undefined
        throw refused(found?.code)
      }),

    remove: path =>
      guarded(async () => {
        const { fileList } = await (await client()).deleteFile({ fileList: [await fileId(path)] })
        const code = fileList[0]?.code ?? ''
        if (code !== 'SUCCESS' && !MISSING.test(code)) throw refused(code)
      }),
  }
}

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw cloudFailure(error, 'object store')
  }
}

const refused = (code: unknown): Error => Object.assign(new Error(`the storage answered ${code}`), { code })
