/**
 * Requests that nobody would write by hand, at every operation: never a 500, never an answer that the contract does not
 * know. `FUZZ_RUNS` is their number at each operation.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createArticle } from '../../functions/createArticle.ts'
import * as exported from '../../functions/index.ts'
import { uploadTemporaryMedia } from '../../functions/uploadTemporaryMedia.ts'
import type { Operation } from '../../shared/core/operation.ts'
import { forgetRefusals } from '../../shared/domain/quotas/refusalRow.ts'
import { DOCUMENTED, type Documented, documentedCodes, undocumentedIn } from '../support/contract.ts'
import { fileBytes } from '../support/files.ts'
import { type Multipart, multipartBody } from '../support/multipartBody.ts'
import { allowedValue, damaged, type Hints, junk } from '../support/schemaArbitrary.ts'
import { open, openAndPost, view } from '../support/uploads.ts'
import { APP_ID, type Ask, type World, world } from '../support/world.ts'

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 30)
/** Its settings may be changed, and it may be deleted. */
const OTHER_APP_ID = 'wxfedcba9876543210'
const FORMATS = ['jpg', 'png', 'gif', 'mp3', 'amr', 'mp4'] as const
const FAULTS = ['html', 'status', 'reset-before', 'accept-then-reset', 'empty', 'truncate', 'text-plain'] as const

type AnyOperation = Operation<never, unknown, unknown, unknown, unknown>

/** A request, and what happens at WeChat meanwhile. */
interface Case {
  ask: Ask
  key: 'admin' | 'write' | 'read' | 'none' | 'wrong'
  fault: { kind: (typeof FAULTS)[number] } | { kind: 'errcode'; errcode: number } | undefined
}

const OPERATIONS = Object.values(exported).flatMap(served => {
  const documented = DOCUMENTED.find(({ operationId }) => operationId === served.id)
  return served.kind === 'operation' && documented ? [{ served: served as AnyOperation, documented }] : []
})

describe(`${RUNS} random requests`, () => {
  it.each(OPERATIONS.map(one => [one.served.id, one] as const))(
    '%s answers as documented',
    async (_id, { served, documented }) => {
      await using service = await world()
      await service.addAccount(OTHER_APP_ID)
      const known = await furnish(service)
      const property = fc.asyncProperty(requestOf(documented, known), given =>
        check(service, { served, documented }, given),
      )
      await fc.assert(property, { numRuns: RUNS, endOnFailure: true })
    },
    120_000,
  )

  it('are made at every operation', () => expect(OPERATIONS).toHaveLength(DOCUMENTED.length))
})

async function check(
  service: World,
  { served, documented }: { served: AnyOperation; documented: Documented },
  { ask, key, fault }: Case,
): Promise<void> {
  service.control.clearFaults()
  if (fault) service.control.addFault({ path: '*', times: 1, ...fault })
  const sent = key === 'none' ? null : key === 'wrong' ? 'sucai_wrong' : service.keys[key]
  // Answers and failures are compared with their schemas on the way.
  const { status, json } = await service.drive(service.request(served, { ...ask, key: sent }))
  await service.settled()
  await restore(service)
  // What was parked may be called again, and what was forced may be forced again.
  await service.clock.advance(5 * 60_000)
  expect(Object.keys(documented.responses)).toContain(String(status))
  expect(status).not.toBe(500)
  expect(undocumentedIn(documented, { status, json })).toEqual([])
  if (status >= 400) expect(documentedCodes(documented, status)).toContain(codeOf(json))
}

const codeOf = (json: unknown): unknown =>
  typeof json === 'object' && json !== null && 'code' in json ? json.code : undefined

/** The next request finds both accounts as they were. */
async function restore(service: World): Promise<void> {
  for (const sk of [APP_ID, OTHER_APP_ID]) {
    await forgetRefusals(service.table, sk)
    const row = await service.table.get({ pk: 'ACCOUNT', sk })
    if (row) await service.table.remove(row, row.version)
    if (sk === OTHER_APP_ID || !row) await service.addAccount(sk)
    else await service.table.put({ ...row, data: { ...(row.data as object), kind: 'official' } }, 0)
  }
}

/** Something of everything, so that an id can be of something. */
async function furnish(service: World): Promise<string[]> {
  const waiting = await open(service)
  const stored = await openAndPost(service)
  await service.deliver()
  const { media_id: image = '' } = await view(service, stored)
  const article = { title: '标题', thumb_media_id: image, content: '<p>正文</p>' }
  const { data: draft } = await service.ok(createArticle, { body: article })
  const { data: media } = await service.ok(uploadTemporaryMedia, { form: formOf([]) })
  return [waiting.uploadId, stored.uploadId, image, draft.media_id, media.media_id]
}

function requestOf(documented: Documented, known: string[]): fc.Arbitrary<Case> {
  const { parameters, requestBody } = documented
  const values = (place: 'path' | 'query') => {
    const named = parameters.filter(one => one.in === place && one.name !== 'app_id')
    const fields = named.map(({ name, schema }) => [name, parameter(name, schema, known)] as const)
    const required = place === 'path' ? named : named.filter(one => one.required)
    return fc.record(Object.fromEntries(fields), { requiredKeys: required.map(({ name }) => name) })
  }
  const contents = requestBody?.content ?? {}
  const json = contents['application/json']?.schema
  const body = json
    ? bodyOf(allowedValue(json, hintsFor(known)))
    : contents['multipart/form-data']
      ? anyForm
      : fc.constant({})
  const ask = fc
    .record({
      params: values('path'),
      query: values('query'),
      appId: oftenFirst(APP_ID, fc.constantFrom(OTHER_APP_ID, 'wx0000000000000000', 'wx1', '', null)),
      headers: fc.record(
        {
          'idempotency-key': fc.oneof(fc.constantFrom('k1', 'k2'), fc.string({ minLength: 1, maxLength: 300 })),
          'if-match': fc.constantFrom('*', '"x"', 'W/"y", "z"', ''),
          'if-none-match': fc.constantFrom('*', '"x"'),
          'x-request-id': fc.constantFrom('mine-1', 'a b', ''),
        },
        { requiredKeys: [] },
      ),
      body,
    })
    .map(({ params, query, appId, headers, body }): Ask => {
      const sent: Partial<Ask> = body
      const { 'idempotency-key': key, ...others } = headers
      const sendable = key !== undefined && /^[\x20-\x7e]+$/.test(key) ? { 'idempotency-key': key } : {}
      return {
        params,
        query,
        appId,
        ...sent,
        headers: { ...defined(others), ...sendable, ...sent.headers },
      }
    })
  return fc.record({
    ask,
    key: oftenFirst('admin' as const, fc.constantFrom('write', 'read', 'none', 'wrong')),
    fault: oftenFirst(
      undefined,
      fc.oneof(
        fc.constantFrom(...FAULTS).map(kind => ({ kind })),
        fc
          .constantFrom(-1, 40125, 45009, 45011, 48001, 50002, 99999)
          .map(errcode => ({ kind: 'errcode' as const, errcode })),
      ),
    ),
  })
}

/** Enough sense that many requests come through. */
const hintsFor = ([, , image = '']: string[]): Hints => ({
  filename: fc.constantFrom('日落.jpg', '问候.mp3', '短片.mp4'),
  size: fc.integer({ min: 1, max: 60_000 }),
  content_type: fc.constantFrom('application/octet-stream', 'image/jpeg'),
  thumb_media_id: fc.constant(image),
  title: fc.constantFrom('春节', '标题 “一”'),
  secret: fc.constantFrom(`secret-of-${OTHER_APP_ID}-1`),
  expires_at: fc.constant(4_000_000_000),
  replaces: fc.constant(undefined),
})

const oftenFirst = <T, U>(first: T, other: fc.Arbitrary<U>): fc.Arbitrary<T | U> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(first) }, { weight: 1, arbitrary: other })

const defined = (headers: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))

/** Ids that exist more often than not; a path parameter is never empty, or it would be another path. */
function parameter(
  name: string,
  schema: Documented['parameters'][number]['schema'],
  known: string[],
): fc.Arbitrary<string> {
  const found = /Id$/.test(name) ? fc.constantFrom(...known) : allowedValue(schema).map(String)
  const own = name === 'appId' ? fc.constantFrom(OTHER_APP_ID, OTHER_APP_ID, APP_ID, 'wx1') : found
  const wild = junk.map(value => String(typeof value === 'object' ? 'object' : value) || 'x').filter(isSendable)
  return fc.oneof(
    { weight: 5, arbitrary: own },
    { weight: 1, arbitrary: allowedValue(schema).map(String) },
    { weight: 1, arbitrary: wild },
  )
}

/** What a URL can carry: no lone surrogates, no dots that a URL would resolve. */
const isSendable = (text: string): boolean => text.isWellFormed() && text !== '.' && text !== '..'

const bodyOf = (fitting: fc.Arbitrary<unknown>): fc.Arbitrary<Partial<Ask>> =>
  fc.oneof(
    { weight: 5, arbitrary: fitting.map(body => ({ body })) },
    { weight: 4, arbitrary: fitting.chain(damaged).map(body => ({ body: body ?? null })) },
    { weight: 1, arbitrary: fc.constantFrom('', '{', '[]', 'null', '{"a":1', '"文"').map(body => ({ body })) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 50 }).map(body => ({ body })) },
    { weight: 1, arbitrary: fitting.map(body => ({ body, headers: { 'content-type': 'text/plain' } })) },
  )

interface FormPart {
  name: string
  format: (typeof FORMATS)[number]
  extension: string
  size: number
}

function formOf(parts: FormPart[], fields: Record<string, unknown> = {}): Multipart {
  const files = parts.length > 0 ? parts : [{ name: 'media', format: 'jpg' as const, extension: 'jpg', size: 300 }]
  return multipartBody([
    ...Object.entries(fields).map(([name, value]) => ({ name, bytes: String(value) })),
    ...files.map(({ name, format, extension, size }) => ({
      name,
      filename: `日落.${extension}`,
      contentType: 'application/octet-stream',
      bytes: fileBytes(format, size),
    })),
  ])
}

const anyForm: fc.Arbitrary<Partial<Ask>> = fc
  .record({
    parts: fc.array(
      fc
        .record({
          name: fc.constantFrom('media', 'file', '文件'),
          format: fc.constantFrom(...FORMATS),
          extension: fc.constantFrom('', ...FORMATS, 'svg', 'JPG'),
          size: fc.constantFrom(0, 1, 300, 70_000),
        })
        .chain(part => oftenFirst({ ...part, extension: part.format, size: 300 }, fc.constant(part))),
      { maxLength: 2 },
    ),
    fields: fc.record(
      {
        file_field: fc.constantFrom('media', 'file', '没有'),
        type: fc.constantFrom('image', 'voice', 'video', 'thumb', 'news'),
        title: fc.string({ unit: 'grapheme', maxLength: 300 }),
        introduction: fc.string({ unit: 'grapheme' }),
      },
      { requiredKeys: [] },
    ),
    plain: fc.boolean(),
    cut: oftenFirst(0, fc.integer({ min: 1, max: 400 })),
  })
  .map(({ parts, fields, plain, cut }) => {
    const form = plain ? formOf(parts.slice(0, 1)) : formOf(parts, fields)
    return { form: { ...form, bytes: form.bytes.subarray(0, form.bytes.length - Math.min(cut, form.bytes.length)) } }
  })
