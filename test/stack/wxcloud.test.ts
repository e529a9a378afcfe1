/** The packaged functions of WeChat Cloud, started as a stranger does: the demo, the tour, a mini program. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { writeCloudPackage } from '../../scripts/writeCloudPackage.ts'
import { fileBytes } from '../support/files.ts'
import { runScript, type StackProcess, startStackProcess } from './stackProcess.ts'
import { type Step, takeTour } from './tour.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'sucai-wxcloud-'))
let stack: StackProcess
/** A function whose config.json this test changes. */
const UNPERMITTED = 'getMaterialStats'

beforeAll(async () => {
  await writeCloudPackage(dataDir)
  const config = join(dataDir, 'wxcloud', UNPERMITTED, 'config.json')
  writeFileSync(config, JSON.stringify({ permissions: { openapi: [] }, triggers: [] }))
  stack = await startStackProcess(dataDir, {}, ['local/wxcloud/start.ts', join(dataDir, 'wxcloud')])
}, 60_000)
afterAll(async () => {
  await stack?.end('SIGTERM')
  rmSync(dataDir, { recursive: true, force: true })
})

/** The same step where the store takes a PUT with headers and tells nobody (docs/deploy-wxcloud.md). */
function onCloudStorage({ command, output }: Step): Step {
  const complete = 'curl -s -o /dev/null -X POST -H "$A" "$U/uploads/$(echo "$R" | pick upload_id)/complete?$Q"'
  return {
    command: command
      .replace("data.fields).map(f => '-F ' + f.join('='))", "data.headers).map(f => '-H ' + f.join(':'))")
      .replace('$FORM -F file=@', '$FORM -T ')
      .replace(/^S=/, `${complete}; S=`),
    output: output
      .replace(/"method":"POST","url":"[^"]*","fields":\{.*?\}/, '"method":"PUT","url":"…","headers":{…}')
      .replace('/sucai/store/', '/files/store/')
      .replace(/^204$/, '200'),
  }
}

const MINI_PROGRAM = 'wx0a1b2c3d4e5f6a7b'

/** What createUpload answers. */
const Opened = z.object({
  result: z.object({ data: z.object({ url: z.string(), headers: z.record(z.string(), z.string()) }) }),
})

interface Picture {
  path: string
  size: number
  filename: string
  bytes: Buffer
}

/** `examples/miniprogram/sucai.js` with a `wx` whose calls reach the stack; a file is put as WeChat's own client does. */
function miniProgram({ url }: StackProcess) {
  let target: z.infer<typeof Opened>['result']['data'] | undefined
  let bytes: Buffer = Buffer.alloc(0)
  const callFunction = async (call: { data: unknown }) => {
    const headers = { 'content-type': 'application/json', 'x-wx-appid': MINI_PROGRAM, 'x-wx-openid': 'oUser' }
    const answer = await fetch(`${url}/_wx/callFunction`, { method: 'POST', body: JSON.stringify(call), headers })
    const json: unknown = await answer.json()
    target = Opened.safeParse(json).data?.result.data ?? target
    return json
  }
  const uploadFile = async ({ cloudPath }: { cloudPath: string }) => {
    if (!target?.url.endsWith(encodeURI(cloudPath))) throw new Error(`not granted: ${cloudPath}`)
    const headers = { ...target.headers, 'content-type': 'application/octet-stream' }
    await fetch(target.url, { method: 'PUT', body: new Uint8Array(bytes), headers })
  }
  const module: { exports: { uploadPicture?: (appId: string, picture: Picture) => Promise<unknown> } } = { exports: {} }
  const source = readFileSync(new URL('../../examples/miniprogram/sucai.js', import.meta.url), 'utf8')
  new Function('wx', 'module', source)({ cloud: { callFunction, uploadFile } }, module)
  return {
    async uploadPicture(appId: string, picture: Picture): Promise<unknown> {
      bytes = picture.bytes
      return module.exports.uploadPicture?.(appId, picture)
    },
  }
}

describe('the local WeChat Cloud', () => {
  it('prints the answers of the tour', () => takeTour('README.md', { stack, dataDir }, onCloudStorage), 60_000)

  it('does the demo: put, complete, STORED', async () => {
    const { code, output } = await runScript('local/demo.ts', { DATA_DIR: dataDir })
    expect(output).toMatch(/image 海边\.png: open … put 21469 bytes … complete … wait for WeChat … STORED/)
    expect(code).toBe(0)
  }, 60_000)

  it('refuses text bodies above 100 KB as the platform does, and takes larger files', async () => {
    const authorization = `Bearer ${stack.apiKey}`
    const address = (path: string) => `${stack.url}/wechat/${path}?app_id=${stack.appId}`
    const refused = await fetch(address('material/article'), {
      method: 'POST',
      body: JSON.stringify({ title: '长文', thumb_media_id: 'x', content: '长'.repeat(40_000) }),
      headers: { authorization, 'content-type': 'application/json' },
    })
    expect([refused.status, await refused.json()]).toMatchObject([413, { code: 'EXCEED_MAX_PAYLOAD_SIZE' }])
    const form = new FormData()
    form.append('media', new Blob([new Uint8Array(fileBytes('jpg', 1_000_000))], { type: 'image/jpeg' }), '大图.jpg')
    const taken = await fetch(address('image/material'), { method: 'POST', body: form, headers: { authorization } })
    expect([taken.status, await taken.json()]).toMatchObject([200, { data: { media_id: expect.any(String) } }])
  })

  it('takes a picture from the example of a mini program, once its users have a grant', async () => {
    const { invoke_url: invokeUrl } = JSON.parse(readFileSync(join(dataDir, 'stack.json'), 'utf8'))
    const { uploadPicture } = miniProgram(stack)
    const bytes = fileBytes('png', 2_000)
    const picture = { path: 'http://tmp/海边.png', size: bytes.length, filename: '海边.png', bytes }
    await expect(uploadPicture(stack.appId, picture)).rejects.toMatchObject({ code: 'FORBIDDEN' })
    await fetch(`${invokeUrl}/2015-03-31/functions/putGrant/invocations`, {
      method: 'POST',
      body: JSON.stringify({ mini_program: MINI_PROGRAM, role: 'write', app_ids: [stack.appId] }),
    })
    expect(await uploadPicture(stack.appId, picture)).toMatchObject({
      state: 'STORED',
      media_id: expect.stringMatching(/^[\w-]{40,}$/),
      filename: '海边.png',
    })
  })

  it('makes cloud calls for a function that its config.json permits them, and for no other', async () => {
    const account = (credential: string) =>
      fetch(`${stack.url}/wechat/accounts/${stack.appId}`, {
        method: 'PUT',
        body: JSON.stringify({ credential }),
        headers: { authorization: `Bearer ${stack.apiKey}`, 'content-type': 'application/json' },
      })
    // The kind is believed for a minute: these functions have not asked for it yet.
    expect((await account('cloudcall')).status).toBe(200)
    const call = async (name: string) => {
      const body = JSON.stringify({
        name,
        data: { app_id: stack.appId, api_key: stack.apiKey, query: { type: 'image' } },
      })
      const headers = { 'content-type': 'application/json' }
      return (await fetch(`${stack.url}/_wx/callFunction`, { method: 'POST', body, headers })).json()
    }
    expect(await call('listMaterials')).toMatchObject({ result: { total_count: expect.any(Number) } })
    expect(await call(UNPERMITTED)).toMatchObject({
      result: { code: 'ACCOUNT_MISCONFIGURED', wechat: { errcode: -604101 } },
    })
    await account('stable_token')
  })

  it('fires timers on demand', async () => {
    const { code, output } = await runScript('local/tick.ts', { DATA_DIR: dataDir }, ['sweepUploads'])
    expect([code, output]).toEqual([0, 'sweepUploads: {"swept":0}\n'])
  })

  it('sees to it that nobody starts a second stack on the same data', async () => {
    const second = startStackProcess(dataDir, {}, ['local/wxcloud/start.ts', join(dataDir, 'wxcloud')])
    await expect(second).rejects.toThrow('another stack runs on this DATA_DIR')
  })
})
