/** Requests about multipart uploads. */
import { emptyAnswer, xmlAnswer } from './answer.ts'
import { checksumAlgorithm } from './checksums.ts'
import { writePrecondition } from './conditions.ts'
import { factsOfRequest } from './objectFacts.ts'
import { bodyText, verifiedBody } from './requestBody.ts'
import { checksumElements, checksumHeaders, quoted, type Route } from './route.ts'
import { S3Error } from './s3Error.ts'
import { amzValue, queryValue, type S3Request } from './s3Request.ts'
import type { Upload, UploadPart } from './uploads.ts'
import { childrenOf, childText, readXml, type XmlElement } from './xml.ts'

const MIN_PART_BYTES = 5 * 1024 * 1024
const MAX_PARTS = 10_000
const MAX_LISTED_PARTS = 1000

/** POST ?uploads */
export const createUpload: Route = async (service, request) => {
  const bucket = service.buckets.get(request.bucket)
  const checksum = checksumKind(request)
  const upload = service.uploads.create(bucket, { key: request.key, facts: factsOfRequest(request), checksum })
  return xmlAnswer(
    'InitiateMultipartUploadResult',
    { Bucket: bucket.name, Key: upload.key, UploadId: upload.id },
    checksum && {
      'x-amz-checksum-algorithm': checksum.algorithm.toUpperCase(),
      'x-amz-checksum-type': checksum.type,
    },
  )
}

/** PUT ?uploadId&partNumber */
export const uploadPart: Route = async (service, request, authorization) => {
  const bucket = service.buckets.get(request.bucket)
  const upload = service.uploads.get(bucket, request.key, queryValue(request, 'uploadId') ?? '')
  if (amzValue(request, 'x-amz-copy-source') !== undefined) {
    throw new S3Error('NotImplemented', 'UploadPartCopy is not implemented')
  }
  const number = Number(queryValue(request, 'partNumber'))
  if (!(Number.isInteger(number) && number >= 1 && number <= MAX_PARTS)) {
    throw new S3Error('InvalidArgument', `Part number must be an integer between 1 and ${MAX_PARTS}, inclusive`)
  }
  const body = verifiedBody(request, authorization)
  const received = await service.files.receive(body.bytes)
  const part = service.uploads.putPart(upload, { number, received, checksum: body.checksum() })
  return emptyAnswer(200, { etag: quoted(part.etag), ...checksumHeaders(part.checksum) })
}

/** GET ?uploadId */
export const listParts: Route = async (service, request) => {
  const bucket = service.buckets.get(request.bucket)
  const upload = service.uploads.get(bucket, request.key, queryValue(request, 'uploadId') ?? '')
  const marker = Number(queryValue(request, 'part-number-marker') ?? 0)
  const limit = Math.min(Number(queryValue(request, 'max-parts') ?? MAX_LISTED_PARTS), MAX_LISTED_PARTS)
  if (Number.isNaN(marker) || !(limit >= 1)) throw new S3Error('InvalidArgument', 'A paging parameter is no number')
  const following = [...upload.parts.values()].filter(part => part.number > marker).sort((a, b) => a.number - b.number)
  const parts = following.slice(0, limit)
  const truncated = following.length > parts.length
  return xmlAnswer('ListPartsResult', {
    Bucket: bucket.name,
    Key: upload.key,
    UploadId: upload.id,
    PartNumberMarker: marker,
    NextPartNumberMarker: truncated ? parts.at(-1)?.number : undefined,
    MaxParts: limit,
    IsTruncated: truncated,
    Part: parts.map(part => ({
      PartNumber: part.number,
      LastModified: new Date(part.lastModified).toISOString(),
      ETag: quoted(part.etag),
      Size: part.size,
      ...checksumElements(part.checksum),
    })),
  })
}

/** POST ?uploadId */
export const completeUpload: Route = async (service, request, authorization) => {
  const bucket = service.buckets.get(request.bucket)
  const upload = service.uploads.get(bucket, request.key, queryValue(request, 'uploadId') ?? '')
  const document = readXml(await bodyText(request, authorization))
  const parts = chosenParts(upload, childrenOf(document, 'Part'))
  const precondition = writePrecondition(request.headers)
  const { received, etag, checksum } = await service.uploads.join(upload, parts)
  const object = service.objects.commit(bucket, {
    key: upload.key,
    received,
    etag,
    facts: upload.facts,
    checksum,
    precondition,
  })
  await service.uploads.remove(bucket, upload)
  service.created(bucket, object, 'CompleteMultipartUpload', request)
  return xmlAnswer('CompleteMultipartUploadResult', {
    Location: `http://${request.headers.get('host')}/${bucket.name}/${encodeURIComponent(upload.key)}`,
    Bucket: bucket.name,
    Key: upload.key,
    ETag: quoted(object.etag),
    ...checksumElements(object.checksum),
  })
}

/** DELETE ?uploadId */
export const abortUpload: Route = async (service, request) => {
  const bucket = service.buckets.get(request.bucket)
  await service.uploads.remove(bucket, service.uploads.get(bucket, request.key, queryValue(request, 'uploadId') ?? ''))
  return emptyAnswer(204)
}

/** CRC64NVME exists for whole objects only, SHA for composites only (AWS, "Checking object integrity"). */
function checksumKind(request: S3Request): Upload['checksum'] {
  const name = amzValue(request, 'x-amz-checksum-algorithm')
  if (name === undefined) return undefined
  const algorithm = checksumAlgorithm(name)
  if (!algorithm) throw new S3Error('InvalidRequest', 'Checksum algorithm provided is unsupported.')
  const natural = algorithm === 'crc64nvme' ? 'FULL_OBJECT' : 'COMPOSITE'
  const type = amzValue(request, 'x-amz-checksum-type')?.toUpperCase() ?? natural
  const possible = type === 'FULL_OBJECT' ? !algorithm.startsWith('sha') : type === 'COMPOSITE' && natural === type
  if (!possible) throw new S3Error('InvalidRequest', `The ${type} checksum type cannot be used with ${name}.`)
  return { algorithm, type: type === 'FULL_OBJECT' ? 'FULL_OBJECT' : 'COMPOSITE' }
}

function chosenParts(upload: Upload, elements: XmlElement[]): UploadPart[] {
  if (elements.length === 0) throw new S3Error('MalformedXML', 'A CompleteMultipartUpload names its parts')
  const parts = elements.map(element => {
    const part = upload.parts.get(Number(childText(element, 'PartNumber')))
    const etag = childText(element, 'ETag')?.replaceAll('"', '')
    const checksum = part?.checksum && childText(element, `Checksum${part.checksum.algorithm.toUpperCase()}`)
    if (!part || etag !== part.etag || (checksum !== undefined && checksum !== part.checksum?.value)) {
      throw new S3Error(
        'InvalidPart',
        'One or more of the specified parts could not be found, or the entity tag did not match.',
      )
    }
    return part
  })
  for (const [index, part] of parts.entries()) {
    const before = parts[index - 1]
    if (!before) continue
    if (before.number >= part.number) {
      throw new S3Error('InvalidPartOrder', 'The list of parts was not in ascending order.')
    }
    if (before.size < MIN_PART_BYTES) {
      throw new S3Error('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed object size.')
    }
  }
  return parts
}
