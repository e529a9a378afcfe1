/** Requests about the service and about one bucket. */
import { emptyAnswer, xmlAnswer } from './answer.ts'
import type { ConfigurationName } from './buckets.ts'
import { corsRules } from './cors.ts'
import { bodyText } from './requestBody.ts'
import type { Route } from './route.ts'
import { S3Error, type S3ErrorCode } from './s3Error.ts'
import { childrenOf, childText, readXml } from './xml.ts'

const MAX_DELETIONS = 1000

/** The root of each configuration, and the refusal when there is none (notification is never missing). */
const CONFIGURATIONS: Record<ConfigurationName, { root: string; missing: S3ErrorCode | undefined }> = {
  cors: { root: 'CORSConfiguration', missing: 'NoSuchCORSConfiguration' },
  lifecycle: { root: 'LifecycleConfiguration', missing: 'NoSuchLifecycleConfiguration' },
  notification: { root: 'NotificationConfiguration', missing: undefined },
}

/** GET of the service. */
export const listBuckets: Route = async service =>
  xmlAnswer('ListAllMyBucketsResult', {
    Owner: { ID: 'local', DisplayName: 'local' },
    Buckets: {
      Bucket: service.buckets
        .list()
        .map(({ name, createdAt }) => ({ Name: name, CreationDate: new Date(createdAt).toISOString() })),
    },
  })

/** PUT of a bucket. */
export const createBucket: Route = async (service, request) => {
  service.buckets.create(request.bucket, service.verifier.now())
  return emptyAnswer(200, { location: `/${request.bucket}` })
}

/** HEAD of a bucket. */
export const headBucket: Route = async (service, request) => {
  service.buckets.get(request.bucket)
  return emptyAnswer(200, { 'x-amz-bucket-region': service.verifier.region })
}

/** DELETE of an empty bucket. */
export const deleteBucket: Route = async (service, request) => {
  await service.buckets.remove(request.bucket)
  return emptyAnswer(204)
}

/** GET ?location */
export const getLocation: Route = async (service, request) => {
  service.buckets.get(request.bucket)
  const { region } = service.verifier
  return xmlAnswer('LocationConstraint', region === 'us-east-1' ? '' : region)
}

/** GET ?versioning: there is none. */
export const getVersioning: Route = async (service, request) => {
  service.buckets.get(request.bucket)
  return xmlAnswer('VersioningConfiguration', '')
}

/** GET of a configuration, as it was put. */
export const getConfiguration =
  (name: ConfigurationName): Route =>
  async (service, request) => {
    const xml = service.buckets.get(request.bucket).configurations[name]
    const { root, missing } = CONFIGURATIONS[name]
    if (xml !== undefined) return { status: 200, headers: { 'content-type': 'application/xml' }, body: xml }
    if (missing) throw new S3Error(missing, `The bucket has no ${root}`)
    return xmlAnswer(root, '')
  }

/** PUT of a configuration. */
export const putConfiguration =
  (name: ConfigurationName): Route =>
  async (service, request, authorization) => {
    const bucket = service.buckets.get(request.bucket)
    const xml = await bodyText(request, authorization)
    if (readXml(xml).name !== CONFIGURATIONS[name].root) {
      throw new S3Error('MalformedXML', `The XML must be a ${CONFIGURATIONS[name].root}`)
    }
    if (name === 'cors') corsRules(xml)
    service.buckets.configure(bucket, name, xml)
    return emptyAnswer(200)
  }

/** DELETE of a configuration. */
export const deleteConfiguration =
  (name: ConfigurationName): Route =>
  async (service, request) => {
    service.buckets.configure(service.buckets.get(request.bucket), name, undefined)
    return emptyAnswer(204)
  }

/** POST ?delete: up to 1000 objects at once. */
export const deleteObjects: Route = async (service, request, authorization) => {
  const bucket = service.buckets.get(request.bucket)
  const document = readXml(await bodyText(request, authorization))
  const keys = childrenOf(document, 'Object').map(each => childText(each, 'Key') ?? '')
  if (document.name !== 'Delete' || keys.length === 0 || keys.length > MAX_DELETIONS || keys.includes('')) {
    throw new S3Error('MalformedXML', `A Delete names 1 to ${MAX_DELETIONS} objects`)
  }
  for (const key of keys) service.objects.remove(bucket, key)
  const quiet = childText(document, 'Quiet') === 'true'
  return xmlAnswer('DeleteResult', { Deleted: quiet ? [] : keys.map(Key => ({ Key })) })
}
