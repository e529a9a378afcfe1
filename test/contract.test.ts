/** The contract: whole, without loose ends, and the same as what runs. */
import { readFileSync } from 'node:fs'
import { runInNewContext } from 'node:vm'
import { Validator } from '@seriousme/openapi-schema-validator'
import { describe, expect, it } from 'vitest'
import { docs } from '../functions/docs.ts'
import * as exported from '../functions/index.ts'
import { openapi } from '../functions/openapi.ts'
import { openApiDocument } from '../scripts/openapi.ts'
import { contractText } from '../shared/core/contractText.ts'
import { ERROR_RULES } from '../shared/core/errors.ts'
import { CreateArticleBody } from '../shared/core/schemas/articles.ts'
import { DOCUMENT, DOCUMENTED, documentedCodes, schemaAt, TAGS } from './support/contract.ts'
import { waitUntil } from './support/drivenClock.ts'
import { world } from './support/world.ts'

/** Every object inside `value`, with its path. */
function* parts(value: unknown, path = '#'): Generator<[string, object]> {
  if (typeof value !== 'object' || value === null) return
  yield [path, value]
  for (const [name, part] of Object.entries(value)) yield* parts(part, `${path}/${name.replaceAll('/', '~1')}`)
}

const PARTS = [...parts(DOCUMENT)]
const PATHS = new Set(PARTS.map(([path]) => path))

/** What the official schema of OpenAPI 3.1 finds wrong with a document. */
async function findings(document: unknown): Promise<unknown> {
  const validator = new Validator()
  const { valid, errors } = await validator.validate(Object.assign({}, document))
  expect(validator.version).toBe('3.1')
  return valid ? [] : errors
}

describe('the contract', () => {
  it('is OpenAPI 3.1 by its official schema', async () => {
    expect(await findings(DOCUMENT)).toEqual([])
    expect(await findings({ ...Object.assign({}, DOCUMENT), servers: [{}] })).not.toEqual([])
  })

  it('has only schemas that a strict reader of JSON Schema 2020-12 understands', () => {
    const schemas = PARTS.flatMap(([path, part]) => ('schema' in part ? [`${path}/schema`] : []))
    expect(schemas.length).toBeGreaterThan(100)
    for (const pointer of schemas) expect(() => schemaAt(pointer), pointer).not.toThrow()
  })

  it('has every operation once, under its own id, method and path', () => {
    const operations = Object.values(exported).flatMap(one => (one.kind === 'operation' ? [one] : []))
    const running = operations.map(({ id, method, path }) => `${id} ${method} ${path}`).sort()
    expect(DOCUMENTED.map(one => `${one.operationId} ${one.method} ${one.path}`).sort()).toEqual(running)
    expect(new Set(DOCUMENTED.map(({ operationId }) => operationId)).size).toBe(DOCUMENTED.length)
  })

  it('has every operation in one of its parts, and no part without one', () => {
    expect([...new Set(DOCUMENTED.flatMap(one => one.tags))].sort()).toEqual([...TAGS].sort())
  })

  it('has no reference that leads nowhere', () => {
    const references = PARTS.flatMap(([, part]) => ('$ref' in part ? [part.$ref] : []))
    expect(references.length).toBeGreaterThan(100)
    expect(references.filter(reference => !PATHS.has(String(reference)))).toEqual([])
  })

  it('gives every integer a least value', () => {
    const integers = PARTS.filter(([, part]) => 'type' in part && part.type === 'integer')
    const free = integers.filter(([, part]) => !('minimum' in part) || part.minimum === Number.MIN_SAFE_INTEGER)
    expect(integers.length).toBeGreaterThan(50)
    expect(free.map(([path]) => path)).toEqual([])
  })

  it('has the body of every operation that reads one', () => {
    const reading = Object.values(exported).flatMap(one =>
      one.kind === 'operation' && ('body' in one || 'read' in one) ? [one.id] : [],
    )
    expect(DOCUMENTED.flatMap(one => (one.requestBody ? [one.operationId] : [])).sort()).toEqual(reading.sort())
  })

  it('refuses the articles that the service refuses', () => {
    const body = schemaAt('#/paths/~1wechat~1material~1article/post/requestBody/content/application~1json/schema')
    const article = { title: '日落', thumb_media_id: 'thumb', content: '<p>海边</p>' }
    for (const input of [article, { articles: [article, article] }, {}, { title: '日落' }, { articles: [] }]) {
      expect(body(input), JSON.stringify(input)).toBe(CreateArticleBody.safeParse(input).success)
    }
  })

  it('knows every error code', () => {
    // The gateway's own answers, and what is only ever told as an upload's `error`.
    const elsewhere = ['ROUTE_NOT_FOUND', 'METHOD_NOT_ALLOWED', 'OBJECT_CHANGED']
    const known = new Set(
      DOCUMENTED.flatMap(one => Object.keys(one.responses).flatMap(status => documentedCodes(one, Number(status)))),
    )
    expect(Object.keys(ERROR_RULES).filter(code => !known.has(code) && !elsewhere.includes(code))).toEqual([])
  })

  it.each(DOCUMENTED.map(one => [one.operationId, one] as const))('%s is documented whole', (_id, one) => {
    const statuses = Object.keys(one.responses)
    expect(one.summary).toMatch(/^[A-Z]/)
    expect(statuses.filter(status => status.startsWith('2'))).toHaveLength(1)
    expect(statuses.some(status => status.startsWith('4'))).toBe(true)
    for (const status of statuses.filter(name => name >= '400')) {
      const codes = documentedCodes(one, Number(status))
      expect(codes).not.toEqual([])
      for (const code of codes) expect(ERROR_RULES[code as keyof typeof ERROR_RULES].status).toBe(Number(status))
    }
    const inPath = [...one.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    const named = one.parameters.filter(parameter => parameter.in === 'path').map(({ name }) => name)
    expect(named.sort()).toEqual(inPath.sort())
  })
})

describe('GET /openapi.json', () => {
  it('is docs/openapi.json', async () => {
    await using service = await world()
    const { json } = await service.request(openapi, { key: null, appId: null })
    expect(json).toEqual(JSON.parse(readFileSync(new URL('../docs/openapi.json', import.meta.url), 'utf8')))
    expect(json).toEqual(DOCUMENT)
  })

  it('is the document to the byte, although the bundle holds it packed', () => {
    expect(contractText()).toBe(JSON.stringify(openApiDocument()))
  })
})

describe('GET /docs', () => {
  it('is one page that lets nothing run or load but its own', async () => {
    await using service = await world()
    const { json: page, headers } = await service.request(docs, { key: null, appId: null })
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
    const policy = headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toMatch(/unsafe|\*|https?:/)
    expect(page).not.toMatch(/https?:\/\/|\/\/[a-z]|\b(src|href)="|innerHTML|\son\w+=/i)
  })

  it('names the hashes of exactly the style and the script that it holds', async () => {
    await using service = await world()
    const { json: page, headers } = await service.request(docs, { key: null, appId: null })
    const policy = headers.get('content-security-policy') ?? ''
    for (const tag of ['style', 'script']) {
      const inner = new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(String(page))?.[1] ?? ''
      const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(inner))
      expect(policy).toContain(`${tag}-src 'sha256-${Buffer.from(digest).toString('base64')}'`)
    }
  })

  it('shows every operation with its parameters, body and errors', async () => {
    await using service = await world()
    const { json: page } = await service.request(docs, { key: null, appId: null })
    const script = /<script>([\s\S]*?)<\/script>/.exec(String(page))?.[1] ?? ''
    const body = new FakeElement('body')
    const places: Record<string, FakeElement> = { nav: new FakeElement('nav'), main: new FakeElement('main') }
    runInNewContext(script, {
      document: {
        querySelector: (name: string) => places[name],
        createElement: (tag: string) => new FakeElement(tag),
        getElementById: () => body,
      },
      location: { hash: '' },
      window: { fetch: async () => Response.json(DOCUMENT) },
    })
    await waitUntil(() => places['main']?.text().includes('Problem') ?? false, 'the page')
    const shown = places['main']?.text() ?? ''
    for (const { operationId, path, method, parameters } of DOCUMENTED) {
      expect(shown).toContain(`${method}${path}`)
      for (const { name } of parameters) expect(shown).toContain(name)
      expect(places['nav']?.links()).toContain(`#${operationId}`)
    }
    for (const code of ['WECHAT_QUOTA', 'UNAUTHORIZED']) expect(shown).toContain(`${code}: `)
    expect(shown).toContain('thumb_media_id: string')
  })
})

/** As much of a page's element as the script uses. */
class FakeElement {
  textContent = ''
  id = ''
  href = ''
  readonly tag: string
  private children: (FakeElement | string)[] = []

  constructor(tag: string) {
    this.tag = tag
  }

  append(...children: (FakeElement | string)[]): void {
    this.children.push(...children)
  }

  replaceChildren(...children: (FakeElement | string)[]): void {
    this.children = children
  }

  text(): string {
    return this.textContent + this.children.map(one => (typeof one === 'string' ? one : one.text())).join('')
  }

  links(): string[] {
    return [this.href, ...this.children.flatMap(one => (typeof one === 'string' ? [] : one.links()))]
  }
}
