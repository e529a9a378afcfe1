/** POST of a form to a bucket: a browser upload under a signed policy. */
import { type Answer, emptyAnswer, xmlAnswer } from './answer.ts'
import { CHECKSUM_ALGORITHMS, startChecksum } from './checksums.ts'
import { discard, type Received } from './dataFiles.ts'
import { factsOfForm } from './objectFacts.ts'
import { readPostForm } from './postForm.ts'
import { checkPostPolicy, type SizeRange } from './postPolicy.ts'
import { type Checksum, matchedChecksum } from './requestBody.ts'
import { quoted, type Service } from './route.ts'
import { S3Error } from './s3Error.ts'
import { checkKey, type S3Request } from './s3Request.ts'
import type { ObjectFacts } from './storedObject.ts'

const FILENAME_VARIABLE = '$' + '{filename}'

interface PostedFile {
  fields: Map<string, string>
  key: string
  facts: ObjectFacts
  received: Received
  checksum: Checksum | undefined
}

/** Stores the form's file when its policy allows every part of it. */
export async function postObject(service: Service, request: S3Request): Promise<Answer> {
  const bucket = service.buckets.get(request.bucket)
  const posted = await readPostForm<PostedFile>(
    request.message,
    async ({ fields, filename }, file) => {
      const key = (fields.get('key') ?? '').replaceAll(FILENAME_VARIABLE, () => filename)
      if (key === '') throw new S3Error('InvalidArgument', "Bucket POST must contain a field named 'key'.")
      checkKey(key)
      const range = checkPostPolicy(new Map([...fields, ['key', key], ['bucket', bucket.name]]), service.verifier)
      const facts = factsOfForm(fields)
      const checksum = formChecksum(fields)
      const received = await service.files.receive(checksum.watch(withinRange(file, range)))
      return { fields, key, facts, received, checksum: checksum.result() }
    },
    ({ received }) => discard(received.path),
  )
  const object = service.objects.commit(bucket, {
    key: posted.key,
    received: posted.received,
    etag: posted.received.md5.toString('hex'),
    facts: posted.facts,
    checksum: posted.checksum && { ...posted.checksum, type: 'FULL_OBJECT' },
  })
  service.created(bucket, object, 'Post', request)
  const location = `http://${request.headers.get('host')}/${bucket.name}/${encodeURIComponent(object.key)}`
  return successAnswer(posted.fields, { bucket: bucket.name, key: object.key, etag: quoted(object.etag), location })
}

async function* withinRange(file: AsyncIterable<Buffer>, { min, max }: SizeRange): AsyncGenerator<Buffer> {
  let size = 0
  for await (const chunk of file) {
    size += chunk.length
    if (size > max) {
      throw new S3Error('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', {
        fields: { ProposedSize: String(size), MaxSizeAllowed: String(max) },
      })
    }
    yield chunk
  }
  if (size < min) {
    throw new S3Error('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', {
      fields: { ProposedSize: String(size), MinSizeAllowed: String(min) },
    })
  }
}

function formChecksum(fields: Map<string, string>) {
  const algorithm = CHECKSUM_ALGORITHMS.find(each => fields.has(`x-amz-checksum-${each}`))
  const running = algorithm && startChecksum(algorithm)
  return {
    async *watch(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const chunk of bytes) {
        running?.update(chunk)
        yield chunk
      }
    },
    result: (): Checksum | undefined =>
      algorithm && running && matchedChecksum(running, { algorithm }, fields.get(`x-amz-checksum-${algorithm}`)),
  }
}

function successAnswer(
  fields: Map<string, string>,
  made: { bucket: string; key: string; etag: string; location: string },
): Answer {
  const headers = { etag: made.etag, location: made.location }
  const redirect = redirectTarget(fields.get('success_action_redirect') ?? fields.get('redirect'))
  if (redirect) {
    for (const name of ['bucket', 'key', 'etag'] as const) redirect.searchParams.set(name, made[name])
    return emptyAnswer(303, { ...headers, location: redirect.href })
  }
  const status = fields.get('success_action_status')
  if (status !== '201') return emptyAnswer(status === '200' ? 200 : 204, headers)
  const content = { Location: made.location, Bucket: made.bucket, Key: made.key, ETag: made.etag }
  return { ...xmlAnswer('PostResponse', content, headers), status: 201 }
}

/** A redirect that is no web address is ignored, as S3 does. */
function redirectTarget(text: string | undefined): URL | undefined {
  return text !== undefined && /^https?:/i.test(text) && URL.canParse(text) ? new URL(text) : undefined
}
