import type { Readable } from 'node:stream'

/** What the store knows of an object. `metadata` keys are lower case, values plain text (any Unicode). */
export interface ObjectInfo {
  key: string
  /** bytes */
  size: number
  /** Opaque, without quotes. */
  etag: string
  contentType: string
  metadata: Record<string, string>
}

/** An object opened for reading. Iterate `body` to its end or `destroy()` it. */
export interface OpenObject extends ObjectInfo {
  body: Readable
}

/** How an object is written. */
export interface WriteOptions {
  contentType: string
  /** bytes; when given, a body of another length fails and leaves no object */
  size?: number
  metadata?: Record<string, string>
  /** How the store bills it, where it knows several ways. */
  storageClass?: StorageClass
  signal?: AbortSignal
}

/** Those of S3's classes that answer at once; a store without them keeps everything alike. */
export type StorageClass = 'STANDARD' | 'STANDARD_IA' | 'ONEZONE_IA' | 'INTELLIGENT_TIERING' | 'GLACIER_IR'

/** Files by key. Objects appear whole or not at all. */
export interface ObjectStore {
  /** The object's facts, or `undefined` when there is none. */
  head(key: string, signal?: AbortSignal): Promise<ObjectInfo | undefined>
  /**
   * Opens an object, `undefined` when there is none. With `etag`, throws `AppError('OBJECT_CHANGED')`
   * when the bytes are not those any more.
   */
  read(key: string, options?: { etag?: string; signal?: AbortSignal }): Promise<OpenObject | undefined>
  /** Writes an object, replacing an older one. */
  write(key: string, body: Readable | Uint8Array, options: WriteOptions): Promise<{ etag: string }>
  /**
   * Gives an object other facts, its bytes untouched; `size` is not among them. Throws `AppError('OBJECT_MISSING')` when
   * there is none.
   */
  describe(key: string, facts: Omit<WriteOptions, 'size'>): Promise<void>
  /** Removes an object; one that does not exist is no error. */
  remove(key: string, signal?: AbortSignal): Promise<void>
}

/** What a client may put where: exactly this key and type, exactly within these sizes. */
export interface UploadGrant {
  key: string
  contentType: string
  /** bytes */
  minSize: number
  /** bytes */
  maxSize: number
  /** seconds the grant is valid */
  expiresIn: number
}

/** How the client sends the bytes: a form post with `fields` before the file, or a `PUT` with `headers`. */
export type UploadTarget =
  | { method: 'POST'; url: string; fields: Record<string, string> }
  | { method: 'PUT'; url: string; headers: Record<string, string> }

/** How a signed download answers. */
export interface DownloadGrant {
  /** seconds the URL is valid */
  expiresIn: number
  contentType?: string
  /** A whole Content-Disposition header value (RFC 6266). */
  contentDisposition?: string
}

/** Signs URLs that let clients reach the store directly; holds no bytes. */
export interface ObjectSigner {
  uploadTarget(grant: UploadGrant): Promise<UploadTarget>
  downloadUrl(key: string, grant: DownloadGrant): Promise<string>
}
