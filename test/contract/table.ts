/** What every Table must do; run over each implementation. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Json, ListQuery, Row, Table } from '../../shared/ports/table.ts'

/** A table to try, and how to let go of it. */
export interface TableUnderTest {
  table: Table
  close(): Promise<void>
}

interface Note {
  [field: string]: Json | undefined
}

/** Declares the contract's tests for one implementation. */
export function tableContract(name: string, open: () => Promise<TableUnderTest>): void {
  describe(`${name} as a Table`, () => {
    let opened: TableUnderTest
    let table: Table
    beforeAll(async () => {
      opened = await open()
      table = opened.table
    })
    afterAll(() => opened.close())

    /** A partition no other test uses. */
    const partition = () => `APP#${randomUUID()}`
    const draft = (pk: string, sk: string, data: Note = {}) => ({ pk, sk, schemaVersion: 1, data })
    const fill = async (pk: string, keys: string[], data: (sk: string) => Note = () => ({})) => {
      for (const sk of keys) expect((await table.put(draft(pk, sk, data(sk)), 0)).ok).toBe(true)
    }
    const keysOf = (rows: Row<Note>[]) => rows.map(row => row.sk)
    /** Every page of a list, following the cursors. */
    const pages = async (pk: string, query: ListQuery) => {
      const all: string[][] = []
      let cursor: string | undefined
      do {
        const page = await table.list<Note>(pk, cursor === undefined ? query : { ...query, cursor })
        all.push(keysOf(page.items))
        cursor = page.cursor
        if (all.length > 100) throw new Error('the list does not end')
      } while (cursor !== undefined)
      return all
    }

    describe('put and get', () => {
      it('answers undefined for a row that is not there', async () => {
        expect(await table.get({ pk: partition(), sk: 'none' })).toBeUndefined()
      })

      it('reads back what was written, with version 1', async () => {
        const row = { ...draft(partition(), 'a', { title: '素材' }), schemaVersion: 3, ttl: 1_900_000_000 }
        const due = { queue: 'sweep', at: 1_800_000_000_123 }
        const put = await table.put({ ...row, due }, 0)
        expect(put).toStrictEqual({ ok: true, row: { ...row, due, version: 1 } })
        expect(await table.get(row)).toStrictEqual({ ...row, due, version: 1 })
      })

      it('counts the version up with each write', async () => {
        const pk = partition()
        for (const expected of [0, 1, 2]) {
          const put = await table.put(draft(pk, 'a', { n: expected }), expected)
          expect(put).toMatchObject({ ok: true, row: { version: expected + 1 } })
        }
        expect(await table.get({ pk, sk: 'a' })).toMatchObject({ version: 3, data: { n: 2 } })
      })

      it('replaces the whole row, optional parts too', async () => {
        const pk = partition()
        await table.put({ ...draft(pk, 'a', { old: 1 }), due: { queue: 'q', at: 1 }, ttl: 1_900_000_000 }, 0)
        await table.put(draft(pk, 'a', { fresh: 2 }), 1)
        expect(await table.get({ pk, sk: 'a' })).toStrictEqual({ ...draft(pk, 'a', { fresh: 2 }), version: 2 })
      })

      it('gives the loser of a stale write the row that won', async () => {
        const pk = partition()
        await table.put(draft(pk, 'a', { by: 'first' }), 0)
        await table.put(draft(pk, 'a', { by: 'second' }), 1)
        const late = await table.put(draft(pk, 'a', { by: 'late' }), 1)
        expect(late).toStrictEqual({ ok: false, current: { ...draft(pk, 'a', { by: 'second' }), version: 2 } })
      })

      it('refuses a first write over a row that is there', async () => {
        const pk = partition()
        await table.put(draft(pk, 'a', { by: 'first' }), 0)
        const again = await table.put(draft(pk, 'a', { by: 'again' }), 0)
        expect(again).toMatchObject({ ok: false, current: { version: 1, data: { by: 'first' } } })
      })

      it('refuses a later write where there is no row', async () => {
        const lost = await table.put(draft(partition(), 'a'), 1)
        expect(lost).toStrictEqual({ ok: false, current: undefined })
      })

      it('lets one of many racing first writes win, and shows all others its row', async () => {
        const pk = partition()
        const puts = await Promise.all(Array.from({ length: 20 }, (_, by) => table.put(draft(pk, 'a', { by }), 0)))
        const winners = puts.flatMap(put => (put.ok ? [put.row] : []))
        expect(winners).toHaveLength(1)
        for (const put of puts) if (!put.ok) expect(put.current).toStrictEqual(winners[0])
      })

      it('loses no increment when many write against each other', async () => {
        const pk = partition()
        await table.put(draft(pk, 'counter', { n: 0 }), 0)
        const increment = async () => {
          for (;;) {
            const row = await table.get<{ n: number }>({ pk, sk: 'counter' })
            const n = (row?.data.n ?? 0) + 1
            if ((await table.put(draft(pk, 'counter', { n }), row?.version ?? 0)).ok) return
          }
        }
        await Promise.all(Array.from({ length: 10 }, increment))
        expect(await table.get({ pk, sk: 'counter' })).toMatchObject({ version: 11, data: { n: 10 } })
      })
    })

    describe('data', () => {
      it.each<[string, Note]>([
        ['Chinese, emoji and empty text', { 标题: '公众号素材 🐼', empty: '', '': 'an empty name' }],
        ['numbers', { zero: 0, negative: -1.5, tiny: 1e-7, big: 1e21, most: Number.MAX_SAFE_INTEGER, third: 1 / 3 }],
        [
          'nested lists and objects',
          { list: [1, 'two', [true, null, { deep: [] }], {}], object: { a: { b: { c: '深' } } } },
        ],
        ['truth and nothing', { yes: true, no: false, none: null }],
        ['reserved words as names', { status: 'x', data: { name: 1 }, ttl: 2, 'a.b#c': 3 }],
      ])('keeps %s', async (_, data) => {
        const pk = partition()
        await table.put(draft(pk, '行', data), 0)
        expect((await table.get<Note>({ pk, sk: '行' }))?.data).toStrictEqual(data)
      })

      it('leaves undefined fields out', async () => {
        const pk = partition()
        const put = await table.put(draft(pk, 'a', { here: 1, gone: undefined, inside: { gone: undefined } }), 0)
        expect(put).toStrictEqual({ ok: true, row: { ...draft(pk, 'a', { here: 1, inside: {} }), version: 1 } })
        expect((await table.get<Note>({ pk, sk: 'a' }))?.data).toStrictEqual({ here: 1, inside: {} })
      })

      it.each([
        ['a date', new Date(0)],
        ['no number', Number.NaN],
        ['bytes', new Uint8Array([0x80, 0xff])],
      ])('refuses %s as INTERNAL and writes nothing', async (_, value) => {
        const pk = partition()
        await expect(table.put({ pk, sk: 'a', schemaVersion: 1, data: { value } }, 0)).rejects.toMatchObject({
          name: 'AppError',
          code: 'INTERNAL',
        })
        expect(await table.get({ pk, sk: 'a' })).toBeUndefined()
      })

      it('shares no memory with its callers', async () => {
        const pk = partition()
        const data = { tags: ['one'] }
        const put = await table.put(draft(pk, 'a', data), 0)
        data.tags.push('changed by the writer')
        if (put.ok) put.row.data['tags'] = 'changed in the answer'
        const read = await table.get<Note>({ pk, sk: 'a' })
        if (read) read.data['tags'] = 'changed by a reader'
        expect((await table.get<Note>({ pk, sk: 'a' }))?.data).toStrictEqual({ tags: ['one'] })
      })
    })

    describe('remove', () => {
      it('removes the row of the expected version', async () => {
        const pk = partition()
        await fill(pk, ['a'])
        expect(await table.remove({ pk, sk: 'a' }, 1)).toBe(true)
        expect(await table.get({ pk, sk: 'a' })).toBeUndefined()
      })

      it.each([0, 2])('keeps a row of another version than %i', async expected => {
        const pk = partition()
        await fill(pk, ['a'])
        expect(await table.remove({ pk, sk: 'a' }, expected)).toBe(false)
        expect(await table.get({ pk, sk: 'a' })).toMatchObject({ version: 1 })
      })

      it.each([0, 1])('tells that there was nothing to remove, expecting version %i', async expected => {
        expect(await table.remove({ pk: partition(), sk: 'a' }, expected)).toBe(false)
      })

      it('lets one of many racing removals do it', async () => {
        const pk = partition()
        await fill(pk, ['a'])
        const removals = await Promise.all(Array.from({ length: 10 }, () => table.remove({ pk, sk: 'a' }, 1)))
        expect(removals.filter(Boolean)).toHaveLength(1)
      })

      it('starts again at version 1 afterwards', async () => {
        const pk = partition()
        await fill(pk, ['a'])
        await table.remove({ pk, sk: 'a' }, 1)
        expect(await table.put(draft(pk, 'a'), 0)).toMatchObject({ ok: true, row: { version: 1 } })
      })
    })

    describe('list', () => {
      const letters = ['a', 'b', 'c', 'd', 'e', 'f', 'g']

      it('answers nothing for an empty partition', async () => {
        expect(await table.list(partition(), { limit: 5 })).toStrictEqual({ items: [], cursor: undefined })
      })

      it('sorts by the bytes of the sort key', async () => {
        const pk = partition()
        await fill(pk, ['😀', '！', '中', 'b', 'a', 'B', '10', '9'])
        const { items } = await table.list<Note>(pk, { limit: 20 })
        expect(keysOf(items)).toEqual(['10', '9', 'B', 'a', 'b', '中', '！', '😀'])
      })

      it('lists whole rows of its own partition only', async () => {
        const pk = partition()
        await fill(pk, ['a'], () => ({ title: '图' }))
        await fill(`${pk}0`, ['b'])
        const { items } = await table.list<Note>(pk, { limit: 5 })
        expect(items).toStrictEqual([{ ...draft(pk, 'a', { title: '图' }), version: 1 }])
      })

      it('finds the sort keys that begin with the prefix', async () => {
        const pk = partition()
        await fill(pk, ['UPLOAD', 'UPLOAD#', 'UPLOAD#1', 'UPLOAD#2', 'UPLOADS', 'TOKEN#1', '上传#1'])
        expect(await pages(pk, { limit: 10, prefix: 'UPLOAD#' })).toEqual([['UPLOAD#', 'UPLOAD#1', 'UPLOAD#2']])
        expect(await pages(pk, { limit: 10, prefix: '上' })).toEqual([['上传#1']])
        expect(await pages(pk, { limit: 1, prefix: 'UPLOAD#', descending: true })).toEqual([
          ['UPLOAD#2'],
          ['UPLOAD#1'],
          ['UPLOAD#'],
        ])
      })

      it('begins where it is told, in both directions and on all pages', async () => {
        const pk = partition()
        await fill(pk, letters)
        expect(await pages(pk, { limit: 3, from: 'c' })).toEqual([
          ['c', 'd', 'e'],
          ['f', 'g'],
        ])
        expect(await pages(pk, { limit: 2, from: 'cc', descending: true })).toEqual([['c', 'b'], ['a']])
        expect(await pages(pk, { limit: 2, from: 'h' })).toEqual([[]])
      })

      it.each<[string, number, boolean, string[][]]>([
        ['upwards', 3, false, [['a', 'b', 'c'], ['d', 'e', 'f'], ['g']]],
        ['downwards', 3, true, [['g', 'f', 'e'], ['d', 'c', 'b'], ['a']]],
        ['in one page that is just full', 7, false, [letters]],
      ])('goes through all pages %s', async (_, limit, descending, expected) => {
        const pk = partition()
        await fill(pk, letters)
        expect(await pages(pk, { limit, descending })).toEqual(expected)
      })

      it('goes on after a row that was removed meanwhile', async () => {
        const pk = partition()
        await fill(pk, letters)
        const first = await table.list<Note>(pk, { limit: 2 })
        await table.remove({ pk, sk: 'b' }, 1)
        const { items } = await table.list<Note>(pk, { limit: 2, cursor: first.cursor ?? '' })
        expect(keysOf(items)).toEqual(['c', 'd'])
      })

      it('filters by fields of the data, skipping and repeating nothing', async () => {
        const pk = partition()
        const keys = Array.from({ length: 30 }, (_, index) => String(index).padStart(2, '0'))
        await fill(pk, keys, sk => ({ state: Number(sk) % 3 === 0 ? '完成' : 'open', odd: Number(sk) % 2 === 1 }))
        const wanted = keys.filter(sk => Number(sk) % 3 === 0)
        for (const descending of [false, true]) {
          const found = await pages(pk, { limit: 4, where: { state: '完成' }, descending })
          expect(found.flat()).toEqual(descending ? wanted.toReversed() : wanted)
          for (const page of found) expect(page.length).toBeLessThanOrEqual(4)
        }
        const both = await pages(pk, { limit: 50, where: { state: '完成', odd: true } })
        expect(both.flat()).toEqual(['03', '09', '15', '21', '27'])
      })

      it('filters by numbers and by names that are reserved words', async () => {
        const pk = partition()
        await fill(pk, ['a', 'b'], sk => ({ status: sk === 'a' ? 1 : 2, 'a.b': sk }))
        expect(await pages(pk, { limit: 5, where: { status: 1 } })).toEqual([['a']])
        expect(await pages(pk, { limit: 5, where: { status: '1' } })).toEqual([[]])
        expect(await pages(pk, { limit: 5, where: { 'a.b': 'b' } })).toEqual([['b']])
      })

      it('reaches matches far behind many rows that do not match', async () => {
        const pk = partition()
        const keys = Array.from({ length: 250 }, (_, index) => String(index).padStart(3, '0'))
        await Promise.all(keys.map(sk => table.put(draft(pk, sk, { hit: sk === '240' }), 0)))
        expect((await pages(pk, { limit: 2, where: { hit: true } })).flat()).toEqual(['240'])
      })

      it.each([
        ['malformed text', 'not a cursor!'],
        ['base64url that is no JSON', Buffer.from('{').toString('base64url')],
        ['JSON of another shape', Buffer.from('{"pk":"x"}').toString('base64url')],
        ['an empty cursor', ''],
      ])('refuses %s with INVALID_REQUEST', async (_, cursor) => {
        const listing = table.list(partition(), { limit: 2, cursor })
        await expect(listing).rejects.toMatchObject({ name: 'AppError', code: 'INVALID_REQUEST' })
      })

      it('refuses the cursor of another partition or prefix with INVALID_REQUEST', async () => {
        const pk = partition()
        await fill(pk, letters)
        const { cursor = '' } = await table.list(pk, { limit: 2 })
        expect(cursor).not.toBe('')
        await expect(table.list(partition(), { limit: 2, cursor })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
        await expect(table.list(pk, { limit: 2, cursor, prefix: 'x' })).rejects.toMatchObject({
          code: 'INVALID_REQUEST',
        })
      })
    })

    describe('due', () => {
      const queue = () => `队列#${randomUUID()}`
      const duePut = (pk: string, sk: string, queueName: string, at: number, expected = 0) =>
        table.put({ ...draft(pk, sk), due: { queue: queueName, at } }, expected)

      it('finds what is due, earliest first, across all shards', async () => {
        const pk = partition()
        const name = queue()
        const times = [50, 10, 40, 20, 30, 15, 45, 25, 35, 5, 55, 12]
        await Promise.all(times.map(at => duePut(pk, `row${at}`, name, at)))
        const found = await table.due(name, 45, 100)
        const expected = times.filter(at => at <= 45).sort((a, b) => a - b)
        expect(found).toStrictEqual(expected.map(at => ({ pk, sk: `row${at}`, at })))
      })

      it('answers the earliest `limit` rows', async () => {
        const pk = partition()
        const name = queue()
        await Promise.all(Array.from({ length: 20 }, (_, at) => duePut(pk, `row${at}`, name, at)))
        expect((await table.due(name, 1000, 5)).map(row => row.at)).toEqual([0, 1, 2, 3, 4])
      })

      it('keeps queues apart, also when one name begins like the other', async () => {
        const pk = partition()
        const name = queue()
        await duePut(pk, 'a', name, 1)
        await duePut(pk, 'b', `${name}#1`, 1)
        expect(await table.due(name, 10, 10)).toStrictEqual([{ pk, sk: 'a', at: 1 }])
        expect((await table.get({ pk, sk: 'b' }))?.due).toStrictEqual({ queue: `${name}#1`, at: 1 })
      })

      it('finds many rows that are due in the same millisecond', async () => {
        const pk = partition()
        const name = queue()
        await Promise.all(Array.from({ length: 40 }, (_, n) => duePut(pk, `row${n}`, name, 7)))
        expect(await table.due(name, 7, 100)).toHaveLength(40)
      })

      it('gives as many as are asked for, each once, where more of them are due at once than a store reads at a time', async () => {
        const pk = partition()
        const name = queue()
        const times = [1, 2, ...Array.from({ length: 1_100 }, () => 3), 4, 5]
        for (let start = 0; start < times.length; start += 100) {
          await Promise.all(
            times.slice(start, start + 100).map((at, place) => duePut(pk, `row${start + place}`, name, at)),
          )
        }
        const found = await table.due(name, 4, 2_000)
        expect(new Set(found.map(({ sk }) => sk)).size).toBe(1_103)
        expect(found.map(({ at }) => at)).toEqual(times.slice(0, 1_103))
        expect(await table.due(name, 4, 1_050)).toHaveLength(1_050)
      })

      it('follows a row that is due at another time', async () => {
        const pk = partition()
        const name = queue()
        await duePut(pk, 'a', name, 10)
        await duePut(pk, 'a', name, 99, 1)
        expect(await table.due(name, 50, 10)).toEqual([])
        expect(await table.due(name, 99, 10)).toStrictEqual([{ pk, sk: 'a', at: 99 }])
      })

      it('forgets a row whose `due` is dropped', async () => {
        const pk = partition()
        const name = queue()
        await duePut(pk, 'a', name, 10)
        await table.put(draft(pk, 'a'), 1)
        expect(await table.due(name, 50, 10)).toEqual([])
      })

      it('forgets a row that is removed', async () => {
        const pk = partition()
        const name = queue()
        await duePut(pk, 'a', name, 10)
        await table.remove({ pk, sk: 'a' }, 1)
        expect(await table.due(name, 50, 10)).toEqual([])
      })
    })

    it('answers an aborted call with an AppError and writes nothing', async () => {
      const pk = partition()
      const signal = AbortSignal.abort(new Error('the caller gave up'))
      await expect(table.put(draft(pk, 'a'), 0, signal)).rejects.toMatchObject({
        name: 'AppError',
        code: 'STORE_UNAVAILABLE',
      })
      await expect(table.get({ pk, sk: 'a' }, signal)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
      expect(await table.get({ pk, sk: 'a' })).toBeUndefined()
    })
  })
}
