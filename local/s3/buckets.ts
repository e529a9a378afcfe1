/** Buckets and their configurations, each a directory with a record. */
import { mkdirSync, readdirSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type DataFiles, discard } from './dataFiles.ts'
import { type ObjectIndex, objectIndex } from './objectIndex.ts'
import { S3Error } from './s3Error.ts'
import { isRecord, parseStoredObject } from './storedObject.ts'

const BUCKET_NAME = /^(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/

/** Configurations that are kept as the XML they came in. */
export type ConfigurationName = 'cors' | 'lifecycle' | 'notification'

/** One bucket. */
export interface Bucket {
  name: string
  /** ms since the epoch */
  createdAt: number
  directory: string
  configurations: Partial<Record<ConfigurationName, string>>
  objects: ObjectIndex
}

/** The buckets of a server. */
export interface Buckets {
  list(): Bucket[]
  /** Throws `S3Error('NoSuchBucket')`. */
  get(name: string): Bucket
  has(name: string): boolean
  create(name: string, now: number): void
  /** Throws `S3Error('BucketNotEmpty')`. */
  remove(name: string): Promise<void>
  /** Stores a configuration; `undefined` removes it. */
  configure(bucket: Bucket, name: ConfigurationName, xml: string | undefined): void
}

/** Reads every bucket of `dataDir`; bodies that no sidecar names are cleared away. */
export async function openBuckets(dataDir: string, files: DataFiles): Promise<Buckets> {
  const root = join(dataDir, 'buckets')
  await mkdir(root, { recursive: true })
  const buckets = new Map<string, Bucket>()
  for (const name of readdirSync(root)) {
    if (BUCKET_NAME.test(name)) buckets.set(name, loadBucket(name, join(root, name), files))
  }
  const saveBucket = ({ createdAt, configurations, directory }: Bucket) =>
    files.writeRecord(join(directory, 'bucket.json'), { createdAt, configurations })
  const get = (name: string): Bucket => {
    const bucket = buckets.get(name)
    if (!bucket) {
      throw new S3Error('NoSuchBucket', 'The specified bucket does not exist', { fields: { BucketName: name } })
    }
    return bucket
  }
  return {
    get,
    list: () => [...buckets.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    has: name => buckets.has(name),
    create(name, now) {
      if (!BUCKET_NAME.test(name)) throw new S3Error('InvalidBucketName', 'The specified bucket is not valid.')
      if (buckets.has(name)) {
        throw new S3Error('BucketAlreadyOwnedByYou', 'Your previous request to create the named bucket succeeded.')
      }
      const directory = join(root, name)
      const bucket = { name, createdAt: now, directory, configurations: {}, objects: objectIndex([]) }
      makeDirectories(directory)
      saveBucket(bucket)
      buckets.set(name, bucket)
    },
    async remove(name) {
      const bucket = get(name)
      if (bucket.objects.size() > 0) {
        throw new S3Error('BucketNotEmpty', 'The bucket you tried to delete is not empty')
      }
      buckets.delete(name)
      await rm(bucket.directory, { recursive: true, force: true })
    },
    configure(bucket, name, xml) {
      if (xml === undefined) delete bucket.configurations[name]
      else bucket.configurations[name] = xml
      saveBucket(bucket)
    },
  }
}

function makeDirectories(directory: string): void {
  for (const part of ['objects', 'bodies', 'uploads']) mkdirSync(join(directory, part), { recursive: true })
}

function loadBucket(name: string, directory: string, files: DataFiles): Bucket {
  makeDirectories(directory)
  const [record] = files.readRecords(directory)
  const stored = isRecord(record?.value) ? record.value : {}
  const bodies = new Set(readdirSync(join(directory, 'bodies')))
  const objects = files
    .readRecords(join(directory, 'objects'))
    .map(({ value }) => parseStoredObject(value))
    .filter(object => object !== undefined)
    .filter(object => bodies.has(object.file))
  for (const { file } of objects) bodies.delete(file)
  for (const orphan of bodies) discard(join(directory, 'bodies', orphan))
  return {
    name,
    directory,
    createdAt: typeof stored['createdAt'] === 'number' ? stored['createdAt'] : 0,
    configurations: storedConfigurations(stored['configurations']),
    objects: objectIndex(objects),
  }
}

function storedConfigurations(value: unknown): Bucket['configurations'] {
  const found = isRecord(value) ? value : {}
  const configurations: Bucket['configurations'] = {}
  for (const name of ['cors', 'lifecycle', 'notification'] as const) {
    const xml = found[name]
    if (typeof xml === 'string') configurations[name] = xml
  }
  return configurations
}
