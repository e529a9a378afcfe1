/** The actions of `POST /admin`, in the shapes that `@cloudbase/node-sdk` 3.18 sends and reads. */
import * as z from 'zod'
import { type Documents, DuplicateKey } from './documents.ts'
import { fromExtendedJson, toExtendedJson } from './extendedJson.ts'
import type { FileStorage } from './fileRoute.ts'
import type { Document } from './matchDocument.ts'
import { Refusal } from './refusal.ts'

/** More than this the database gives at once to nobody. */
const MAX_DOCUMENTS = 1_000

/** What the actions work with. */
export interface Backend extends FileStorage {
  documents: Documents
  /** The collections that exist; others have to be created in the console. */
  collections: readonly string[]
  /** `cloud://<env>.<bucket>/`, the front of every file id. */
  fileRoot: string
  /** The address of the file at `key`, not encoded. */
  fileUrl(key: string): string
  /** Runs another function of the environment. */
  invoke(name: string, event: unknown): Promise<unknown>
}

const Fields = z.record(z.string(), z.unknown())
const Filter = z
  .string()
  .default('{}')
  .transform(text => Fields.parse(fromExtendedJson(text)))
const Collection = z.object({ collectionName: z.string() })
const Insert = Collection.extend({ data: z.array(z.string()) })
const Select = Collection.extend({
  query: Filter,
  order: Filter,
  offset: z.number().default(0),
  limit: z.number().default(100),
  projection: z.string().optional(),
})
const Modify = Collection.extend({
  query: Filter,
  multi: z.boolean(),
  merge: z.literal(true),
  upsert: z.literal(false),
  data: z.string(),
})
const Change = z.strictObject({ $set: Fields.default({}), $unset: Fields.default({}) })
const Remove = Collection.extend({ query: Filter, multi: z.boolean() })
const Upload = z.object({ path: z.string().min(1) })
const Wanted = z.object({ fileid: z.string(), max_age: z.number().default(3600), url_type: z.string().optional() })
const Download = z.object({ file_list: z.array(Wanted) })
const Delete = z.object({ fileid_list: z.array(z.string()) })
const Invoke = z.object({ function_name: z.string(), request_data: z.string().default('') })

type Action = (backend: Backend, params: unknown) => unknown

/** Every action that is known. */
export const ACTIONS: Readonly<Record<string, Action>> = {
  'database.insertDocument'(backend, params) {
    const { collectionName, data } = Insert.parse(params)
    const { documents } = existing(backend, collectionName)
    try {
      return { insertedIds: data.map(text => documents.insert(collectionName, Fields.parse(fromExtendedJson(text)))) }
    } catch (error) {
      if (!(error instanceof DuplicateKey)) throw error
      const index = `E11000 duplicate key error collection: ${collectionName} index: _id_`
      throw new Refusal('DATABASE_REQUEST_FAILED', `[FailedOperation.Insert] multiple write errors: [{${index}}]`)
    }
  },
  'database.getDocument'(backend, params) {
    const { collectionName, query, order, offset, limit, projection } = Select.parse(params)
    const sorted = z.record(z.string(), z.number()).parse(order)
    const selection = { filter: query, order: sorted, offset, limit: Math.min(limit, MAX_DOCUMENTS) }
    const found = existing(backend, collectionName).documents.find(collectionName, selection)
    const wanted = projection === undefined ? undefined : Fields.parse(fromExtendedJson(projection))
    return { list: found.map(document => toExtendedJson(wanted ? projected(document, wanted) : document)) }
  },
  'database.modifyDocument'(backend, params) {
    const { collectionName, query, multi, data } = Modify.parse(params)
    const change = Change.parse(fromExtendedJson(data))
    const { documents } = existing(backend, collectionName)
    const unset = Object.keys(change.$unset)
    return { updated: documents.update(collectionName, query, { set: change.$set, unset, multi }) }
  },
  'database.removeDocument'(backend, params) {
    const { collectionName, query, multi } = Remove.parse(params)
    return { deleted: existing(backend, collectionName).documents.remove(collectionName, query, multi) }
  },
  'database.calculateDocument'(backend, params) {
    const { collectionName, query } = Select.parse(params)
    const selection = { filter: query, order: {}, offset: 0, limit: Number.POSITIVE_INFINITY }
    return { total: existing(backend, collectionName).documents.find(collectionName, selection).length }
  },
  'storage.getUploadMetadata'({ grants, fileRoot, fileUrl }, params) {
    const { path } = Upload.parse(params)
    return {
      url: encodeURI(fileUrl(path)),
      token: 'local-security-token',
      authorization: grants.upload(path),
      fileId: `${fileRoot}${path}`,
      cosFileId: Buffer.from(path).toString('base64url'),
      download_url: fileUrl(path),
    }
  },
  'storage.batchGetDownloadUrl'({ files, grants, fileRoot, fileUrl }, params) {
    const list = Download.parse(params).file_list.map(({ fileid, max_age: seconds, url_type: type }) => {
      const key = fileid.startsWith(fileRoot) ? fileid.slice(fileRoot.length) : ''
      if (!files.get(key)) return { fileid, code: 'STORAGE_FILE_NONEXIST', download_url: '', tempFileURL: '' }
      // Only the addresses of COS itself come encoded.
      const url = type === 'COS_URL' ? encodeURI(fileUrl(key)) : fileUrl(key)
      const address = `${url}?${grants.download(key, seconds)}`
      return { fileID: fileid, code: 'SUCCESS', tempFileURL: address, download_url: address }
    })
    return { download_list: list }
  },
  'storage.batchDeleteFile'({ files, fileRoot }, params) {
    const list = Delete.parse(params).fileid_list.map(fileID => {
      const known = fileID.startsWith(fileRoot) && files.remove(fileID.slice(fileRoot.length))
      return { fileID, code: known ? 'SUCCESS' : 'STORAGE_FILE_NONEXIST' }
    })
    return { delete_list: list }
  },
  async 'functions.invokeFunction'({ invoke }, params) {
    const { function_name: name, request_data: text } = Invoke.parse(params)
    return { response_data: JSON.stringify((await invoke(name, text === '' ? {} : JSON.parse(text))) ?? null) }
  },
}

function existing(backend: Backend, collection: string): Backend {
  if (backend.collections.includes(collection)) return backend
  throw new Refusal('DATABASE_COLLECTION_NOT_EXIST', `[ResourceNotFound] Db or Table not exist: ${collection}`)
}

const projected = (document: Document, wanted: Document): Document =>
  Object.fromEntries(Object.entries(document).filter(([field]) => field === '_id' || wanted[field] === 1))
