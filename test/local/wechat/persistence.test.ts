import { type ChildProcess, spawn } from 'node:child_process'
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DEMO_ACCOUNT } from '../../../local/wechat/demoAccount.ts'
import { FILES, fileForm } from './forms.ts'
import { caller, exchange, jsonOf, startWire } from './wire.ts'

let dataDir: string
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'wechat-simulator-'))
})
afterEach(() => rmSync(dataDir, { recursive: true }))

const journal = () => join(dataDir, 'journal.jsonl')

describe('a simulator with a data folder', () => {
  it('comes back with tokens, media, materials, drafts, settings, clock and ledger', async () => {
    const first = await startWire({}, { dataDir })
    first.control.advance(1_000_000)
    first.control.putAccount({ appId: first.account.appId, legacyNews: true })
    const media = await first.calls.id('media/upload?type=image', fileForm())
    const material = await first.calls.id('material/add_material?type=image', fileForm('图.png', FILES.png))
    const article = { title: '题', content: '文', thumb_media_id: material }
    const draft = await first.calls.post('draft/add', { articles: [article] })
    await first.calls.post('material/add_news', { articles: [article] })
    const gone = await first.calls.id('material/add_material?type=thumb', fileForm())
    await first.calls.post('material/del_material', { media_id: gone })
    const [ledger, now, token] = [first.control.ledger(), first.control.now(), await first.calls.accessToken()]
    await first.close()

    const second = await startWire({}, { dataDir })
    try {
      expect(second.control.ledger()).toEqual(ledger)
      expect(second.control.now()).toBe(now)
      expect(await second.calls.accessToken()).toBe(token)
      expect((await second.calls.raw(`media/get?media_id=${media}`)).body.equals(FILES.jpg)).toBe(true)
      expect(await second.calls.get('material/get_materialcount')).toMatchObject({ image_count: 1, news_count: 1 })
      expect(await second.calls.post('draft/get', { media_id: draft['media_id'] })).toMatchObject({
        news_item: [{ title: '题' }],
      })
      expect(await second.calls.post('material/get_material', { media_id: gone })).toMatchObject({ errcode: 40007 })
      await second.calls.id('material/add_material?type=image', fileForm())
      expect(second.control.ledger().at(-1)?.seq).toBeGreaterThan(ledger.at(-1)?.seq ?? 0)
    } finally {
      await second.close()
    }
  })

  it('keeps bodies as files named by their SHA-256, the same bytes once', async () => {
    const wire = await startWire({}, { dataDir })
    await wire.calls.id('media/upload?type=image', fileForm('一.jpg'))
    await wire.calls.id('material/add_material?type=image', fileForm('二.jpg'))
    await wire.close()
    const sha256 = wire.control.ledger().at(-1)?.sha256 ?? ''
    expect(readdirSync(join(dataDir, 'bodies'))).toEqual([sha256])
    expect(readFileSync(join(dataDir, 'bodies', sha256)).equals(FILES.jpg)).toBe(true)
    expect(statSync(journal()).mode & 0o777).toBe(0o600)
  })

  it('cuts off a half-written last line', async () => {
    const first = await startWire({}, { dataDir })
    const id = await first.calls.id('material/add_material?type=image', fileForm())
    await first.close()
    const whole = readFileSync(journal(), 'utf8')
    appendFileSync(journal(), '{"seq":99,"time":1,"mutation":{"event":"remo')
    const second = await startWire({}, { dataDir })
    expect(readFileSync(journal(), 'utf8')).toBe(whole)
    expect(second.control.ledger().at(-1)).toMatchObject({ media_id: id })
    await second.close()
  })

  it('refuses to start on a damaged journal and names the line', async () => {
    writeFileSync(journal(), '{"seq":1}\n')
    await expect(startWire({}, { dataDir })).rejects.toThrow(/journal\.jsonl:1 is not a journal entry/)
  })
})

describe('npm run simulator', () => {
  const children: ChildProcess[] = []
  afterEach(() => {
    for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL')
  })

  /** The program, and the address it prints. */
  async function program(): Promise<{ child: ChildProcess; url: string }> {
    const args = [
      '--disable-warning=ExperimentalWarning',
      'local/wechat/start.ts',
      '--port',
      '0',
      '--data-dir',
      dataDir,
    ]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(child)
    for await (const line of createInterface({ input: child.stdout })) {
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0]
      if (url !== undefined) return { child, url }
    }
    throw new Error('no address was printed')
  }

  const ended = (child: ChildProcess) =>
    new Promise<number | null>(resolve => child.once('exit', code => resolve(code)))

  it('knows the demo account, survives kill -9 with all it answered, and ends on Ctrl-C', async () => {
    const first = await program()
    const calls = caller(first.url, DEMO_ACCOUNT)
    const token = await calls.accessToken()
    const media_id = await calls.id('material/add_material?type=image', fileForm('图.png', FILES.png))
    const killed = ended(first.child)
    first.child.kill('SIGKILL')
    await killed

    const second = await program()
    const again = caller(second.url, DEMO_ACCOUNT)
    expect(await again.accessToken()).toBe(token)
    const list = await again.post('material/batchget_material', { type: 'image', offset: 0, count: 1 })
    expect(list).toMatchObject({ item: [{ media_id, name: '图.png' }], total_count: 1 })
    const item = Array.isArray(list['item']) ? list['item'][0] : undefined
    expect((await exchange(item.url)).body.equals(FILES.png)).toBe(true)
    expect(jsonOf(await exchange(`${second.url}/_control/ledger`))).toMatchObject({
      ledger: [{ kind: 'stable_token' }, { media_id }],
    })
    const stopped = ended(second.child)
    second.child.kill('SIGINT')
    expect(await stopped).toBe(0)
  })
})
