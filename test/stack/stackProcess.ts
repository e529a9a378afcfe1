/** Starts the local stack as a stranger does, in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A stack in another process. */
export interface StackProcess {
  url: string
  wechatUrl: string
  apiKey: string
  appId: string
  /** All it printed so far. */
  output: () => string
  /** Resolves once it has printed `text`. */
  printed: (text: string) => Promise<void>
  /** Sends a signal and waits for the end; answers the exit code, `null` after a kill. */
  end: (signal: NodeJS.Signals) => Promise<number | null>
}

const run = (script: string, environment: Record<string, string>, args: string[] = []): ChildProcess =>
  spawn(process.execPath, ['--conditions=local', script, ...args], {
    cwd: new URL('../..', import.meta.url),
    env: { PATH: process.env['PATH'] ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })

/** Starts a stack on free ports, the one of `npm start` unless another script is named; rejects with what it printed when it does not come up. */
export async function startStackProcess(
  dataDir: string,
  environment: Record<string, string> = {},
  [script = 'local/start.ts', ...args]: string[] = [],
): Promise<StackProcess> {
  const child = run(script, { PORT: '0', DATA_DIR: dataDir, ...environment }, args)
  const output = collect(child)
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', () => output().includes('Ctrl-C ends it') && resolve())
    child.once('exit', code => reject(new Error(`the stack ended with ${code}: ${output()}`)))
  })
  const found = (pattern: RegExp) => pattern.exec(output())?.[1] ?? ''
  return {
    url: found(/ready on (\S+)/),
    wechatUrl: found(/WeChat +(\S+)/),
    apiKey: environment['API_KEY'] ?? readFileSync(join(dataDir, 'api.key'), 'utf8'),
    appId: found(/account +(\S+)/),
    output,
    printed: text => printed(child, output, text),
    end: signal => end(child, signal),
  }
}

function printed(child: ChildProcess, output: () => string, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => output().includes(text) && resolve()
    look()
    child.stdout?.on('data', look)
    child.once('exit', () => reject(new Error(`the stack ended before it printed ${text}: ${output()}`)))
  })
}

/** Runs a script to its end; answers code and output. */
export async function runScript(
  script: string,
  environment: Record<string, string>,
  args: string[] = [],
): Promise<{ code: number; output: string }> {
  const child = run(script, environment, args)
  const output = collect(child)
  const [code] = await once(child, 'close')
  return { code: Number(code), output: output() }
}

function collect(child: ChildProcess): () => string {
  const chunks: Buffer[] = []
  child.stdout?.on('data', chunk => chunks.push(chunk))
  child.stderr?.on('data', chunk => chunks.push(chunk))
  return () => Buffer.concat(chunks).toString('utf8')
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const closed = once(child, 'exit')
  child.kill(signal)
  const [code] = await closed
  return typeof code === 'number' ? code : null
}
