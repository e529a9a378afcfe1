/** Where the platform's token comes from, and where it must not come from. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'

const HEADERS = new Headers({ 'x-wx-cloudbase-access-token': 'of-the-header' })
const folder = mkdtempSync(join(tmpdir(), 'token-'))

/** A process of its own: the module remembers. */
async function fresh() {
  vi.resetModules()
  return import('../../shared/hosts/wxcloud/cloudToken.ts')
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
  process.env['CLOUDBASE_ACCESS_TOKEN_FILE'] = join(folder, 'none')
})
afterEach(() => {
  vi.useRealTimers()
  delete process.env['CLOUDBASE_TOKEN_HEADER']
  delete process.env['CLOUDBASE_ACCESS_TOKEN_FILE']
})

it('is the one of the run’s variables, for ten minutes', async () => {
  const { noteCloudToken, cloudTokenSource } = await fresh()
  expect(cloudTokenSource()).toBeUndefined()
  noteCloudToken({ WX_CLOUDBASE_ACCESSTOKEN: 'of-the-run' })
  expect(cloudTokenSource()).toEqual({ value: 'of-the-run', expiresAt: Date.now() + 600_000 })
  vi.advanceTimersByTime(600_000)
  expect(cloudTokenSource()).toBeUndefined()
})

it('is never one that a client sends in a header, unless the platform is known to set it', async () => {
  const { noteCloudToken, cloudTokenSource } = await fresh()
  noteCloudToken({}, HEADERS)
  expect(cloudTokenSource()).toBeUndefined()
  process.env['CLOUDBASE_TOKEN_HEADER'] = 'trusted'
  noteCloudToken({}, HEADERS)
  expect(cloudTokenSource()).toMatchObject({ value: 'of-the-header' })
})

it('is the mounted file’s where none came with the run', async () => {
  const { cloudTokenSource } = await fresh()
  const file = join(folder, 'token')
  process.env['CLOUDBASE_ACCESS_TOKEN_FILE'] = file
  writeFileSync(file, 'of-the-file\n')
  expect(cloudTokenSource()).toMatchObject({ value: 'of-the-file' })
  writeFileSync(file, '')
  expect(cloudTokenSource()).toBeUndefined()
  rmSync(folder, { recursive: true })
})
