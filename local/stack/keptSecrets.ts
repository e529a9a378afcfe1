/** What the local stack makes once and keeps in `DATA_DIR`, readable by its owner only. */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { newApiKey } from '../../shared/core/keys.ts'
import type { Random } from '../../shared/ports/random.ts'

const SEAL_KEY_BYTES = 32

/** The stack's own secrets. */
export interface KeptSecrets {
  /** The file with the key that seals AppSecrets. */
  sealKeyFile: string
  apiKey: string
  objectStore: { accessKeyId: string; secretAccessKey: string }
}

/** Reads them, making what is missing. `apiKey`: the operator's own choice, which then is not written down. */
export function keepSecrets(dataDir: string, random: Random, apiKey: string | undefined): KeptSecrets {
  mkdirSync(dataDir, { recursive: true })
  const sealKeyFile = join(dataDir, 'seal.key')
  kept(sealKeyFile, () => random.bytes(SEAL_KEY_BYTES))
  const objectKey = kept(join(dataDir, 'objects.key'), () => Buffer.from(random.bytes(SEAL_KEY_BYTES)).toString('hex'))
  return {
    sealKeyFile,
    apiKey:
      apiKey ??
      kept(join(dataDir, 'api.key'), () => newApiKey(random))
        .toString('utf8')
        .trim(),
    objectStore: { accessKeyId: 'local', secretAccessKey: objectKey.toString('utf8') },
  }
}

/** The file's bytes; a new one appears whole or not at all. */
function kept(file: string, make: () => string | Uint8Array): Buffer {
  if (!existsSync(file)) {
    const draft = `${file}.new`
    writeFileSync(draft, make(), { mode: 0o600 })
    chmodSync(draft, 0o600)
    renameSync(draft, file)
  }
  return readFileSync(file)
}
