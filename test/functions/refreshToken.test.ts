import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { PERMISSIONS } from '../../deploy/permissions.ts'
import * as functions from '../../functions/index.ts'
import { refreshToken } from '../../functions/refreshToken.ts'
import { uploadTemporaryMedia } from '../../functions/uploadTemporaryMedia.ts'
import { AppError } from '../../shared/core/errors.ts'
import { renewToken } from '../../shared/domain/tokens/renewToken.ts'
import { tokenReader } from '../../shared/domain/tokens/tokenReader.ts'
import { readToken } from '../../shared/domain/tokens/tokenRow.ts'
import type { Credential, Credentials } from '../../shared/ports/credentials.ts'
import type { RowDraft, Table } from '../../shared/ports/table.ts'
import type { Tokens } from '../../shared/ports/tokens.ts'
import { failingWrites, unconditional } from '../support/brokenTables.ts'
import { fileBytes } from '../support/files.ts'
import { multipartBody } from '../support/multipartBody.ts'
import { openAndPost, view } from '../support/uploads.ts'
import { APP_ID, type Ask, type World, world } from '../support/world.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const SCHEDULE = { trigger: 'schedule' } as const

const upload: Ask = {
  form: multipartBody([{ filename: '图.jpg', contentType: 'image/jpeg', bytes: fileBytes('jpg') }]),
}
const fetched = (service: World): number => service.calls('stable_token')
const forced = (service: World): number =>
  service.control.ledger().filter(({ kind }) => kind === 'stable_token/forced').length

/** A refresher, as a process of its own, and a reader over a table of the test's own. */
function readerOver(service: World, table: Table, given: { credentials?: Credentials } = {}): Tokens {
  const { clock, random, log, credentials } = service.ports
  const ports = { credentials: { ...credentials }, ...given }
  const call = (_id: string, payload: unknown) =>
    service.run(refreshToken, { trigger: 'call', payload }, { ports: { table, ...ports } })
  return tokenReader({ table, invoker: { call, send: service.invoker.send }, clock, random, log })
}

/** A token endpoint that answers what the test says. */
const scripted = (issue: Credential['issue']): Credentials => ({
  stable_token: { parameter: 'access_token', forceable: true, issue },
})

describe('a hundred callers without a token', () => {
  it('in one process cause one call', async () => {
    await using service = await world()
    const reader = service.newReader()
    const tokens = await service.drive(Promise.all(Array.from({ length: 100 }, () => reader.current(APP_ID))))
    expect(new Set(tokens.map(({ value }) => value)).size).toBe(1)
    expect(fetched(service)).toBe(1)
  })

  it('in one process ask the refresher once', async () => {
    await using service = await world()
    const { clock, random, log } = service.ports
    let asked = 0
    const call = (id: string, payload: unknown) => {
      asked++
      return service.invoker.call(id, payload)
    }
    const reader = tokenReader({
      table: service.table,
      invoker: { call, send: service.invoker.send },
      clock,
      random,
      log,
    })
    await service.drive(Promise.all(Array.from({ length: 100 }, () => reader.current(APP_ID))))
    expect(asked).toBe(1)
  })

  it('cause one call although some come while it is under way', async () => {
    await using service = await world()
    service.control.addFault({ path: '/cgi-bin/stable_token', kind: 'delay', delay_ms: 8_000, times: 1 })
    const first = service.newReader().current(APP_ID)
    await service.waitUntil(() => service.control.faults().length === 0)
    const later = Array.from({ length: 10 }, () => service.newReader().current(APP_ID))
    const tokens = await service.drive(Promise.all([first, ...later]))
    expect(new Set(tokens.map(({ value }) => value)).size).toBe(1)
    expect(fetched(service)).toBe(1)
  })

  it('in four processes cause one call', async () => {
    await using service = await world()
    const readers = Array.from({ length: 4 }, () => readerOver(service, service.table))
    const callers = readers.flatMap(reader => Array.from({ length: 25 }, () => reader.current(APP_ID)))
    const tokens = await service.drive(Promise.all(callers))
    expect(new Set(tokens.map(({ value }) => value)).size).toBe(1)
    expect(fetched(service)).toBe(1)
  })

  it('in four processes cause several calls when the lease has no condition (the twin)', async () => {
    await using service = await world()
    const table = unconditional(service.table)
    const readers = Array.from({ length: 4 }, () => readerOver(service, table))
    await service.drive(Promise.all(readers.map(reader => reader.current(APP_ID))))
    expect(fetched(service)).toBeGreaterThan(1)
  })

  it('as requests all succeed with one call', async () => {
    await using service = await world()
    const answers = Array.from({ length: 100 }, () => service.ok(uploadTemporaryMedia, upload))
    await service.drive(Promise.all(answers))
    expect(fetched(service)).toBe(1)
    expect(service.calls('media/upload')).toBe(100)
  })
})

describe('the schedule', () => {
  it('renews before the token expires, so that no caller ever waits or is refused', async () => {
    await using service = await world()
    await service.ok(uploadTemporaryMedia, upload)
    for (let minute = 0; minute < 360; minute++) {
      await service.clock.advance(MINUTE_MS)
      await service.run(refreshToken, SCHEDULE)
      const { value } = await service.newReader().current(APP_ID)
      expect(value).not.toBe('')
      if (minute % 10 === 0) await service.ok(uploadTemporaryMedia, upload)
    }
    const refused = service.control.calls().calls.filter(({ errcode }) => errcode !== 0)
    expect(refused).toEqual([])
    // Four token lives in six hours; a call that comes a moment too early gets the same token once more.
    expect(fetched(service)).toBeLessThanOrEqual(8)
    expect(forced(service)).toBe(0)
  })

  it('does nothing while nothing is due', async () => {
    await using service = await world()
    await service.ok(uploadTemporaryMedia, upload)
    await service.clock.advance(HOUR_MS)
    expect(await service.run(refreshToken, SCHEDULE)).toEqual({ renewed: 0 })
    expect(fetched(service)).toBe(1)
  })

  it('renews 250 accounts in one run, a broken one among them', async () => {
    await using service = await world()
    const appIds = Array.from({ length: 250 }, (_, at) => `wx${String(at).padStart(16, '0')}`)
    for (const appId of appIds) {
      await service.addAccount(appId)
      await service.run(refreshToken, { trigger: 'call', payload: { app_id: appId } })
    }
    const broken = appIds[0] ?? ''
    service.control.putAccount({ appId: broken, ipBlocked: true })
    await service.clock.advance(116 * MINUTE_MS)
    expect(await service.run(refreshToken, SCHEDULE, { limitMs: 25_000 })).toEqual({ renewed: 249 })
    expect(await service.newReader().current(broken)).toMatchObject({ generation: 1 })
    expect(await service.newReader().current(appIds[249] ?? '')).toMatchObject({ generation: 2 })
  })

  it('leaves the present token in use when the renewal fails', async () => {
    await using service = await world()
    await service.ok(uploadTemporaryMedia, upload)
    await service.clock.advance(116 * MINUTE_MS)
    service.weChatIsDown = true
    expect(await service.run(refreshToken, SCHEDULE)).toEqual({ renewed: 0 })
    service.weChatIsDown = false
    await service.ok(uploadTemporaryMedia, upload)
    await service.clock.advance(MINUTE_MS)
    expect(await service.run(refreshToken, SCHEDULE)).toEqual({ renewed: 1 })
  })
})

describe('a refused token', () => {
  it('is replaced once for fifty callers', async () => {
    await using service = await world()
    await service.ok(uploadTemporaryMedia, upload)
    service.control.expireTokens(APP_ID, 42001)
    const answers = Array.from({ length: 50 }, () => service.ok(uploadTemporaryMedia, upload))
    await service.drive(Promise.all(answers))
    expect(fetched(service)).toBe(2)
    // The first, and fifty that are repeated unless they came after the new token.
    expect(service.calls('media/upload')).toBeGreaterThan(51)
    expect(service.calls('media/upload')).toBeLessThanOrEqual(101)
  })

  it('is replaced once for four processes', async () => {
    await using service = await world()
    const readers = Array.from({ length: 4 }, () => service.newReader())
    const held = await service.drive(Promise.all(readers.map(reader => reader.current(APP_ID))))
    service.control.expireTokens(APP_ID, 40001)
    const replacing = readers.map((reader, at) =>
      reader.replace(APP_ID, held[at] ?? { value: '', generation: 0, expiresAt: 0 }),
    )
    const next = await service.drive(Promise.all(replacing))
    expect(new Set(next.map(({ generation }) => generation))).toEqual(new Set([2]))
    expect(fetched(service)).toBe(2)
  })

  it('of an older generation brings the newer one without a call of WeChat', async () => {
    await using service = await world()
    const [first, second] = [service.newReader(), service.newReader()]
    const old = await first.current(APP_ID)
    await second.current(APP_ID)
    service.control.expireTokens(APP_ID)
    await service.drive(first.replace(APP_ID, old))
    const next = await service.drive(second.replace(APP_ID, old))
    expect(next.generation).toBe(2)
    expect(fetched(service)).toBe(2)
  })

  it('that WeChat gives back is tried again after two seconds, without force', async () => {
    await using service = await world()
    const reader = service.newReader()
    const token = await reader.current(APP_ID)
    const begun = service.clock.now()
    const next = await service.drive(reader.replace(APP_ID, token))
    expect(next).toMatchObject({ value: token.value, generation: 2 })
    expect(service.clock.now() - begun).toBe(2_000)
    expect(forced(service)).toBe(0)
  })

  it('that is refused again half a minute later is forced out, at most once an hour', async () => {
    await using service = await world()
    service.control.addFault({ path: '/cgi-bin/media/upload', kind: 'errcode', errcode: 40001 })
    const fail = () => service.drive(service.fails(uploadTemporaryMedia, upload))
    await fail()
    expect(forced(service)).toBe(0)
    for (let minute = 0; minute < 50; minute++) {
      await service.clock.advance(MINUTE_MS)
      await fail()
    }
    expect(forced(service)).toBe(1)
    await service.clock.advance(15 * MINUTE_MS)
    await fail()
    expect(forced(service)).toBe(2)
  })
})

describe('an older answer', () => {
  const slowThenFast = (service: World): Credentials => {
    let calls = 0
    return scripted(async () => {
      calls++
      if (calls > 1) return { access_token: 'the-newer-token', expires_in: 7_200 }
      await service.clock.sleep(40_000)
      return { access_token: 'the-older-token', expires_in: 7_200 }
    })
  }
  const race = async (service: World, table: Table): Promise<string | undefined> => {
    const ports = { table, credentials: slowThenFast(service) }
    const event = { trigger: 'call', payload: { app_id: APP_ID } } as const
    const slow = service.run(refreshToken, event, { ports })
    await service.clock.advance(16_000)
    const unchanged = (await readToken(table, APP_ID))?.data.lease?.id
    await service.run(refreshToken, { trigger: 'call', payload: { app_id: APP_ID, unchanged } }, { ports })
    await service.clock.advance(30_000)
    await service.drive(slow)
    return (await readToken(service.table, APP_ID))?.data.value
  }

  it('never overwrites a newer one', async () => {
    await using service = await world()
    expect(await race(service, service.table)).toBe('the-newer-token')
  })

  it('does when writes have no condition (the twin)', async () => {
    await using service = await world()
    expect(await race(service, unconditional(service.table))).toBe('the-older-token')
  })
})

describe('a refresher that dies with the lease', () => {
  it('is noticed by the schedule, which looks twice and takes over', async () => {
    await using service = await world()
    const never = scripted(() => new Promise(() => undefined))
    const event = { trigger: 'call', payload: { app_id: APP_ID } } as const
    void service.run(refreshToken, event, { ports: { credentials: never }, limitMs: 10 * HOUR_MS })
    await service.clock.advance(MINUTE_MS)
    expect(await service.drive(service.run(refreshToken, SCHEDULE, { limitMs: 25_000 }))).toEqual({ renewed: 1 })
    expect(fetched(service)).toBe(1)
  })

  it('leaves no lease behind on a token that needs no renewal', async () => {
    await using service = await world()
    await service.ok(uploadTemporaryMedia, upload)
    const never = scripted(() => new Promise(() => undefined))
    const event = { trigger: 'call', payload: { app_id: APP_ID, failed_generation: 1 } } as const
    void service.run(refreshToken, event, { ports: { credentials: never }, limitMs: 10 * HOUR_MS })
    await service.clock.advance(MINUTE_MS)
    expect((await readToken(service.table, APP_ID))?.data.lease).toBeDefined()
    await service.drive(service.run(refreshToken, SCHEDULE, { limitMs: 25_000 }))
    const row = await readToken(service.table, APP_ID)
    expect(row?.data.lease).toBeUndefined()
    expect(row?.due?.at).toBeGreaterThan(service.clock.now())
    expect(fetched(service)).toBe(1)
  })

  it('may have a clock that is five minutes ahead', async () => {
    await using service = await world()
    const never = scripted(() => new Promise(() => undefined))
    const clock = { ...service.clock, now: () => service.clock.now() + 300_000 }
    const ahead = { ...service.ports, clock, credentials: never }
    void renewToken(ahead, { appId: APP_ID })
    await service.clock.advance(0)
    const begun = service.clock.now()
    await service.drive(service.newReader().current(APP_ID))
    expect(service.clock.now() - begun).toBeLessThanOrEqual(20_000)
  })

  it('holds up callers for no more than 20 seconds', async () => {
    await using service = await world()
    const never = scripted(() => new Promise(() => undefined))
    const event = { trigger: 'call', payload: { app_id: APP_ID } } as const
    void service.run(refreshToken, event, { ports: { credentials: never }, limitMs: 10 * HOUR_MS })
    await service.clock.advance(0)
    const begun = service.clock.now()
    const token = await service.drive(service.newReader().current(APP_ID))
    expect(token.value).not.toBe('')
    expect(service.clock.now() - begun).toBeLessThanOrEqual(20_000)
    expect(fetched(service)).toBe(1)
  })

  it('does not hold up callers of a token that is still good', async () => {
    await using service = await world()
    await service.ok(uploadTemporaryMedia, upload)
    await service.clock.advance(116 * MINUTE_MS)
    const never = scripted(() => new Promise(() => undefined))
    void service.run(refreshToken, SCHEDULE, { ports: { credentials: never }, limitMs: 10 * HOUR_MS })
    await service.clock.advance(0)
    expect(await service.newReader().current(APP_ID)).toMatchObject({ generation: 1 })
  })

  it('after it fetched and before it wrote, costs one more call', async () => {
    await using service = await world()
    const hasValue = ({ data }: RowDraft<unknown>) =>
      typeof data === 'object' && data !== null && 'value' in data && data.value !== ''
    const table = failingWrites(service.table, hasValue)
    const event = { trigger: 'call', payload: { app_id: APP_ID } } as const
    await expect(service.run(refreshToken, event, { ports: { table } })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    })
    const token = await service.drive(service.newReader().current(APP_ID))
    expect(token.generation).toBe(1)
    expect(fetched(service)).toBe(2)
  })
})

describe('the age of the oldest token', () => {
  const renew = (service: World) => service.drive(service.run(refreshToken, { trigger: 'schedule' }))

  it('is 0 in every run that renews what is due', async () => {
    await using service = await world()
    await service.ok(uploadTemporaryMedia, upload)
    await renew(service)
    await service.clock.advance(115 * MINUTE_MS)
    await renew(service)
    expect(fetched(service)).toBe(2)
    expect(service.metrics('TokenAge')).toEqual([0, 0])
  })

  it('grows while a token cannot be renewed', async () => {
    await using service = await world()
    await service.ok(uploadTemporaryMedia, upload)
    service.control.putAccount({ appId: APP_ID, ipBlocked: true })
    await service.clock.advance(3 * HOUR_MS)
    await renew(service)
    expect(service.metrics('TokenAge')).toEqual([3 * 3600])
  })
})

describe('a misconfigured account', () => {
  it('with a wrong secret answers 424 with the remedy and asks WeChat once an hour', async () => {
    await using service = await world()
    service.control.putAccount({ appId: APP_ID, secret: 'another-secret-than-ours' })
    for (let minute = 0; minute < 59; minute++) {
      const problem = await service.fails(uploadTemporaryMedia, upload)
      expect(problem).toMatchObject({ code: 'ACCOUNT_MISCONFIGURED', status_code: 424, wechat: { errcode: 40125 } })
      expect(problem.message).toContain('AppSecret')
      await service.clock.advance(MINUTE_MS)
    }
    expect(fetched(service)).toBe(1)
    await service.clock.advance(2 * MINUTE_MS)
    await service.fails(uploadTemporaryMedia, upload)
    expect(fetched(service)).toBe(2)
    expect(service.calls('media/upload')).toBe(0)
  })

  it('recovers at the next probe after the operator acted', async () => {
    await using service = await world()
    service.control.putAccount({ appId: APP_ID, ipBlocked: true })
    const problem = await service.fails(uploadTemporaryMedia, upload)
    expect(problem).toMatchObject({ code: 'ACCOUNT_MISCONFIGURED', wechat: { errcode: 40164 } })
    expect(problem.message).toContain('127.0.0.1')
    service.control.putAccount({ appId: APP_ID, ipBlocked: false })
    await service.clock.advance(HOUR_MS + 1)
    await service.ok(uploadTemporaryMedia, upload)
  })

  it('whose secret cannot be opened is told so, and WeChat is not asked', async () => {
    await using service = await world()
    await service.addAccount('wxaaaaaaaaaaaaaaaa', { row: { sealed_secret: 'g1.AAAA' } })
    const problem = await service.fails(uploadTemporaryMedia, { ...upload, appId: 'wxaaaaaaaaaaaaaaaa' })
    expect(problem).toMatchObject({ code: 'SECRET_UNREADABLE', status_code: 500 })
    expect(service.control.calls().total).toBe(0)
  })

  it('whose sealed secret is another account’s cannot be opened', async () => {
    await using service = await world()
    const sealed_secret = await sealedSecretOf(service, APP_ID)
    await service.addAccount('wxaaaaaaaaaaaaaaaa', { row: { sealed_secret } })
    const problem = await service.fails(uploadTemporaryMedia, { ...upload, appId: 'wxaaaaaaaaaaaaaaaa' })
    expect(problem).toMatchObject({ code: 'SECRET_UNREADABLE' })
  })

  it('parks its uploads, and they are stored when it is right again', async () => {
    await using service = await world()
    service.control.putAccount({ appId: APP_ID, ipBlocked: true })
    const opened = await openAndPost(service)
    await service.deliver()
    expect(await view(service, opened)).toMatchObject({ state: 'PARKED', error: { code: 'ACCOUNT_MISCONFIGURED' } })
    service.control.putAccount({ appId: APP_ID, ipBlocked: false })
    await service.clock.advance(HOUR_MS + MINUTE_MS)
    await service.sweep()
    expect(await view(service, opened)).toMatchObject({ state: 'STORED' })
  })
})

describe('a token endpoint in trouble', () => {
  it.each(['reset-before', 'html', 'status', 'empty', 'truncate'] as const)(
    '(%s) fails the request, and the next one some seconds later succeeds',
    async kind => {
      await using service = await world()
      service.control.addFault({ path: '/cgi-bin/stable_token', kind, times: 1 })
      const { status } = await service.drive(service.request(uploadTemporaryMedia, upload))
      expect(status).toBeGreaterThanOrEqual(502)
      await service.clock.advance(11_000)
      await service.drive(service.ok(uploadTemporaryMedia, upload))
    },
  )

  it('is not stormed: fifty requests within its pause make one call', async () => {
    await using service = await world()
    service.control.addFault({ path: '/cgi-bin/stable_token', kind: 'errcode', errcode: -1 })
    const answers = Array.from({ length: 50 }, () => service.request(uploadTemporaryMedia, upload))
    for (const { status } of await service.drive(Promise.all(answers))) expect(status).toBe(503)
    expect(fetched(service)).toBe(1)
  })

  it('that says 45009 is left alone until midnight in Beijing', async () => {
    await using service = await world()
    service.control.putAccount({ appId: APP_ID, quotas: { '/cgi-bin/stable_token': 0 } })
    const { status, headers } = await service.request(uploadTemporaryMedia, upload)
    expect(status).toBe(429)
    expect(Number(headers.get('retry-after'))).toBe(12 * 3_600)
    await service.clock.advance(10 * HOUR_MS)
    await service.fails(uploadTemporaryMedia, upload)
    expect(fetched(service)).toBe(1)
  })
})

describe('a reader', () => {
  it('asks nobody for a minute, and then only the table', async () => {
    await using service = await world()
    let reads = 0
    const table: Table = {
      ...service.table,
      get: (key, signal) => {
        reads++
        return service.table.get<never>(key, signal)
      },
    }
    const reader = readerOver(service, table)
    await reader.current(APP_ID)
    const before = reads
    await service.clock.advance(MINUTE_MS - 1)
    await reader.current(APP_ID)
    expect(reads).toBe(before)
    await service.clock.advance(116 * MINUTE_MS)
    await reader.current(APP_ID)
    expect(reads).toBe(before + 1)
    expect(fetched(service)).toBe(1)
  })

  it('keeps its token while the table is away, and not longer than the token lasts', async () => {
    await using service = await world()
    let isAway = false
    const table: Table = {
      ...service.table,
      get: async (key, signal) => {
        if (isAway) throw new AppError('STORE_UNAVAILABLE', 'The table is not reachable.')
        return service.table.get<never>(key, signal)
      },
    }
    const reader = readerOver(service, table)
    const token = await reader.current(APP_ID)
    isAway = true
    await service.clock.advance(117 * MINUTE_MS)
    expect(await reader.current(APP_ID)).toEqual(token)
    await service.clock.advance(2 * MINUTE_MS)
    await expect(reader.current(APP_ID)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })

  it('never hands out a token in its last two minutes', async () => {
    await using service = await world()
    const reader = service.newReader()
    const first = await reader.current(APP_ID)
    await service.clock.advance(118 * MINUTE_MS)
    const second = await service.drive(reader.current(APP_ID))
    expect(second.value).not.toBe(first.value)
  })

  it('whose caller leaves early goes on for the others', async () => {
    await using service = await world()
    const reader = service.newReader()
    const leaving = new AbortController()
    const left = reader.current(APP_ID, leaving.signal)
    const stayed = reader.current(APP_ID)
    leaving.abort(new Error('gone'))
    await expect(left).rejects.toThrow('gone')
    expect(await service.drive(stayed)).toMatchObject({ generation: 1 })
  })

  it('waits for a refresher that cannot be called, and gives up in the end', async () => {
    await using service = await world()
    const { clock, random, log } = service.ports
    const call = async () => {
      throw new Error('throttled')
    }
    const reader = tokenReader({ table: service.table, invoker: { call, send: call }, clock, random, log })
    const begun = clock.now()
    await expect(service.drive(reader.current(APP_ID))).rejects.toMatchObject({ code: 'WECHAT_UNREACHABLE' })
    expect(clock.now() - begun).toBeGreaterThan(15_000)
  })
})

describe('a credential kind', () => {
  const CLOUD = 'wxcccccccccccccccc'
  const cloudbase: Credential = {
    parameter: 'cloudbase_access_token',
    forceable: false,
    issue: async ({ force }) => ({ access_token: force ? 'forced' : '云-token', expires_in: 1_800 }),
  }

  it('is a strategy that custody serves like any other, with the parameter that carries its tokens', async () => {
    await using service = await world()
    await service.addAccount(CLOUD, { row: { credential: 'cloudbase', sealed_secret: '' } })
    const reader = readerOver(service, service.table, { credentials: { cloudbase } })
    const expiresAt = service.clock.now() + 1_680_000
    const token = { value: '云-token', parameter: 'cloudbase_access_token', generation: 1, expiresAt }
    expect(await service.drive(reader.current(CLOUD))).toEqual(token)
  })

  it('that cannot be forced is never forced', async () => {
    await using service = await world()
    await service.addAccount(CLOUD, { row: { credential: 'cloudbase', sealed_secret: '' } })
    const ports = { credentials: { cloudbase } }
    await service.run(refreshToken, { trigger: 'call', payload: { app_id: CLOUD, force: true } }, { ports })
    expect((await readToken(service.table, CLOUD))?.data).toMatchObject({ value: '云-token' })
    expect((await readToken(service.table, CLOUD))?.data.forced).toBeUndefined()
  })

  it('that this host does not serve is the operator’s to change', async () => {
    await using service = await world()
    await service.addAccount(CLOUD, { row: { credential: 'authorizer' } })
    const problem = await service.fails(uploadTemporaryMedia, { ...upload, appId: CLOUD })
    expect(problem).toMatchObject({ code: 'ACCOUNT_MISCONFIGURED', details: { remedy: expect.any(String) } })
    expect(service.control.calls().total).toBe(0)
  })
})

describe('custody', () => {
  it('is refreshToken’s alone: no other function may open an AppSecret or is wired to ask for tokens', () => {
    for (const { id, needs } of Object.values(functions)) {
      const wired = readFileSync(new URL(`../../functions/${id}.ts`, import.meta.url), 'utf8')
      expect([id, needs.some(name => name === 'credentials')]).toEqual([id, id === 'refreshToken'])
      expect([id, /\bcredentials\b/.test(wired)]).toEqual([id, id === 'refreshToken'])
      const opens = PERMISSIONS[id]?.some(grant => grant[0] === 'kms:Decrypt' && grant[1] === 'secret/app_secret')
      expect([id, opens === true]).toEqual([id, id === 'refreshToken'])
    }
  })

  it('answers a call for an account that does not exist with a failure', async () => {
    await using service = await world()
    const payload = { app_id: 'wxffffffffffffffff' }
    expect(await service.run(refreshToken, { trigger: 'call', payload })).toEqual({ outcome: 'failed' })
    expect(service.control.calls().total).toBe(0)
  })

  it('refuses a call that names no account', async () => {
    await using service = await world()
    await expect(service.run(refreshToken, { trigger: 'call', payload: {} })).rejects.toThrow()
  })
})

async function sealedSecretOf(service: World, appId: string): Promise<string> {
  const row = await service.table.get<{ sealed_secret: string }>({ pk: 'ACCOUNT', sk: appId })
  return row?.data.sealed_secret ?? ''
}
