/** `npm run demo`: the main job from end to end on sample files, against the running stack or one of its own. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sampleFiles } from './demo/sampleFiles.ts'
import { type DemoService, type Uploaded, uploadFile } from './demo/uploadFile.ts'
import { readAccounts } from './stack/accountsFile.ts'
import { readSettings } from './stack/settings.ts'
import { runningStack } from './stack/stackFile.ts'

const service = running() ?? (await ownStack())
console.log(`demo against ${service.url}, account ${service.appId}\n`)
const done: Uploaded[] = []
for (const file of sampleFiles()) {
  process.stdout.write(`${file.type.padEnd(5)} ${file.filename}:`)
  try {
    const upload = await uploadFile(service, file, text => process.stdout.write(` ${text} …`))
    done.push(upload)
    console.log(` ${upload.state}${upload.error ? ` (${upload.error.message})` : ''}`)
  } catch (error) {
    console.log(` failed: ${error instanceof Error ? error.message : String(error)}`)
  }
}
console.log()
console.table(done.map(({ type, filename, state, media_id }) => ({ type, filename, state, media_id: media_id ?? '' })))
await service.close?.()
process.exit(done.filter(({ state }) => state === 'STORED').length === sampleFiles().length ? 0 : 1)

interface Service extends DemoService {
  close?: () => Promise<void>
}

function running(): Service | undefined {
  const settings = readSettings(process.env)
  const stack = runningStack(settings.dataDir)
  if (!stack) return undefined
  const apiKey = settings.apiKey ?? readFileSync(join(settings.dataDir, 'api.key'), 'utf8').trim()
  return { url: stack.url, apiKey, appId: readAccounts(settings.accounts)[0]?.app_id ?? '' }
}

/** A stack on free ports and throw-away data. */
async function ownStack(): Promise<Service> {
  process.env['LOG_LEVEL'] ??= 'error'
  const { startStack } = await import('./stack/startStack.ts')
  const dataDir = mkdtempSync(join(tmpdir(), 'sucai-demo-'))
  const stack = await startStack(readSettings({ ...process.env, PORT: '0', DATA_DIR: dataDir }))
  const close = async () => {
    await stack.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
  return { url: stack.url, apiKey: stack.apiKey, appId: stack.appId, close }
}
