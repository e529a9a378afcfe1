/** From a request to its route. */
import type { Answer } from './answer.ts'
import { authenticate } from './authenticate.ts'
import {
  createBucket,
  deleteBucket,
  deleteConfiguration,
  deleteObjects,
  getConfiguration,
  getLocation,
  getVersioning,
  headBucket,
  listBuckets,
  putConfiguration,
} from './bucketRoutes.ts'
import { listObjects } from './listRoute.ts'
import { abortUpload, completeUpload, createUpload, listParts, uploadPart } from './multipartRoutes.ts'
import {
  copyObject,
  deleteObject,
  deleteTagging,
  getObject,
  getTagging,
  putObject,
  putTagging,
} from './objectRoutes.ts'
import { postObject } from './postRoute.ts'
import type { Route, Service } from './route.ts'
import { S3Error } from './s3Error.ts'
import { amzValue, type S3Request } from './s3Request.ts'

/** `METHOD level` or `METHOD level?subresource`. */
const ROUTES: Record<string, Route> = {
  'GET service': listBuckets,
  'PUT bucket': createBucket,
  'HEAD bucket': headBucket,
  'GET bucket': listObjects,
  'DELETE bucket': deleteBucket,
  'POST bucket?delete': deleteObjects,
  'GET bucket?location': getLocation,
  'GET bucket?versioning': getVersioning,
  'GET bucket?cors': getConfiguration('cors'),
  'PUT bucket?cors': putConfiguration('cors'),
  'DELETE bucket?cors': deleteConfiguration('cors'),
  'GET bucket?lifecycle': getConfiguration('lifecycle'),
  'PUT bucket?lifecycle': putConfiguration('lifecycle'),
  'DELETE bucket?lifecycle': deleteConfiguration('lifecycle'),
  'GET bucket?notification': getConfiguration('notification'),
  'PUT bucket?notification': putConfiguration('notification'),
  'GET object': getObject,
  'HEAD object': getObject,
  'PUT object': putObject,
  'DELETE object': deleteObject,
  'GET object?tagging': getTagging,
  'PUT object?tagging': putTagging,
  'DELETE object?tagging': deleteTagging,
  'POST object?uploads': createUpload,
  'PUT object?uploadId': uploadPart,
  'GET object?uploadId': listParts,
  'POST object?uploadId': completeUpload,
  'DELETE object?uploadId': abortUpload,
}

/** Query names that make a request about something else than the bucket or object itself. */
const SUBRESOURCES = [
  'accelerate acl analytics attributes cors delete encryption intelligent-tiering inventory legal-hold lifecycle',
  'location logging metrics notification object-lock ownershipControls policy policyStatus publicAccessBlock',
  'replication requestPayment restore retention select tagging torrent uploadId uploads versionId versioning',
  'versions website',
].flatMap(line => line.split(' '))

/** Answers `request` or throws `S3Error`. */
export async function answerRequest(service: Service, request: S3Request): Promise<Answer> {
  if (request.method === 'POST' && isForm(request)) return postObject(service, request)
  const authorization = authenticate(request, service.verifier)
  const level = request.bucket === '' ? 'service' : request.key === '' ? 'bucket' : 'object'
  const subresource = SUBRESOURCES.find(name => request.query.some(([candidate]) => candidate === name))
  const name = `${request.method} ${level}${subresource ? `?${subresource}` : ''}`
  const copying = name === 'PUT object' && amzValue(request, 'x-amz-copy-source') !== undefined
  const route = copying ? copyObject : ROUTES[name]
  if (!route) {
    if (subresource) throw new S3Error('NotImplemented', `${name} is not implemented`)
    throw new S3Error('MethodNotAllowed', 'The specified method is not allowed against this resource.')
  }
  return route(service, request, authorization)
}

const isForm = (request: S3Request): boolean =>
  request.bucket !== '' &&
  request.key === '' &&
  /^multipart\/form-data\b/i.test(request.headers.get('content-type') ?? '')
