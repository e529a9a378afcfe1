/** The npm clients that run beside ours. They are installed into bench/ when they are first wanted. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const FOLDER = fileURLToPath(new URL('..', import.meta.url))
const LOCKED = new URL('../node_modules/.package-lock.json', import.meta.url)

/** Installs what bench/package-lock.json names, without their scripts. Answers whether the peers are there now. */
export function installPeers(): boolean {
  if (existsSync(LOCKED)) return true
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: FOLDER,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  })
  return status === 0
}

/** A peer's module, as it exports it. */
export function peerModule(name: string): unknown {
  return createRequire(new URL('../package.json', import.meta.url))(name)
}
