/** Runs functions under the permissions of deploy/permissions.ts, so that none can need more on AWS than its role gives. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Grant } from '../../deploy/grants.ts'
import { PERMISSIONS } from '../../deploy/permissions.ts'
import type { Invoker } from '../../shared/ports/invoker.ts'
import type { ObjectSigner, ObjectStore } from '../../shared/ports/objectStore.ts'
import type { Opener, Sealer } from '../../shared/ports/secrets.ts'
import type { Table } from '../../shared/ports/table.ts'

/** Ports that refuse what the function that runs may not do. Work outside of functions may do everything. */
export interface Permitted {
  /** Runs `work` as the function `id`. */
  as<T>(id: string, work: () => Promise<T>): Promise<T>
  table(table: Table): Table
  objects(store: ObjectStore): ObjectStore
  signer(signer: ObjectSigner): ObjectSigner
  secrets(secrets: Sealer & Opener): Sealer & Opener
  invoker(invoker: Invoker): Invoker
  /** Throws when something was refused, for functions may survive it. */
  check(): void
}

/** Guards for one world; where functions have no roles of their own (`byRole`), nothing is refused. */
export function permitted({ byRole = true } = {}): Permitted {
  const running = new AsyncLocalStorage<string>()
  const refused = new Set<string>()

  const need = (...[action, resource]: Grant): void => {
    const id = running.getStore()
    // That every function has a row is the registry test's to say; tests have operations of their own.
    const grants = id === undefined ? undefined : PERMISSIONS[id]
    if (!grants || grants.some(grant => grant[0] === action && grant[1] === resource)) return
    const denied = `${id} needs ${action} on ${resource}, which deploy/permissions.ts does not give it`
    refused.add(denied)
    throw new Error(denied)
  }

  return {
    as: (id, work) => (byRole ? running.run(id, work) : work()),
    table: table => ({
      get: async (key, signal) => {
        need('dynamodb:GetItem', rowsOf(key.pk))
        return table.get(key, signal)
      },
      put: async (draft, expected, signal) => {
        need('dynamodb:PutItem', rowsOf(draft.pk))
        return table.put(draft, expected, signal)
      },
      remove: async (key, expected, signal) => {
        need('dynamodb:DeleteItem', rowsOf(key.pk))
        return table.remove(key, expected, signal)
      },
      list: async (pk, query, signal) => {
        need('dynamodb:Query', rowsOf(pk))
        return table.list(pk, query, signal)
      },
      due: async (queue, until, limit, signal) => {
        need('dynamodb:Query', `due/${queue}` as DueResource)
        return table.due(queue, until, limit, signal)
      },
      ...(table.expired && { expired: table.expired }),
    }),
    objects: store => ({
      head: async (key, signal) => {
        need('s3:GetObject', prefixOf(key))
        need('s3:ListBucket', 'bucket')
        return store.head(key, signal)
      },
      read: async (key, options) => {
        need('s3:GetObject', prefixOf(key))
        need('s3:ListBucket', 'bucket')
        return store.read(key, options)
      },
      write: async (key, body, options) => {
        need('s3:PutObject', prefixOf(key))
        return store.write(key, body, options)
      },
      describe: async (key, facts) => {
        need('s3:GetObject', prefixOf(key))
        need('s3:PutObject', prefixOf(key))
        return store.describe(key, facts)
      },
      remove: async (key, signal) => {
        need('s3:DeleteObject', prefixOf(key))
        return store.remove(key, signal)
      },
    }),
    // A signed request is made with the permissions of who signed it.
    signer: signer => ({
      uploadTarget: async grant => {
        need('s3:PutObject', prefixOf(grant.key))
        return signer.uploadTarget(grant)
      },
      downloadUrl: async (key, options) => {
        need('s3:GetObject', prefixOf(key))
        return signer.downloadUrl(key, options)
      },
    }),
    secrets: secrets => ({
      seal: async (plain, context) => {
        need('kms:Encrypt', secretOf(context))
        return secrets.seal(plain, context)
      },
      open: async (sealed, context) => {
        need('kms:Decrypt', secretOf(context))
        return secrets.open(sealed, context)
      },
    }),
    invoker: invoker => ({
      call: async (id, payload, signal) => {
        need('lambda:InvokeFunction', `function/${id}`)
        return invoker.call(id, payload, signal)
      },
      send: async (id, payload, signal) => {
        need('lambda:InvokeFunction', `function/${id}`)
        return invoker.send(id, payload, signal)
      },
    }),
    check: () => {
      if (refused.size > 0) throw new Error([...refused].join('\n'))
    },
  }
}

type ResourceOf<A extends Grant[0]> = Extract<Grant, readonly [A, string]>[1]
type DueResource = Extract<ResourceOf<'dynamodb:Query'>, `due/${string}`>

const rowsOf = (pk: string) => `rows/${pk.split('#')[0]}` as ResourceOf<'dynamodb:GetItem'>
const prefixOf = (key: string) => `objects/${key.split('/')[0]}` as ResourceOf<'s3:GetObject'>
const secretOf = (context: string) => `secret/${context.split('/')[1] ?? 'app_secret'}` as ResourceOf<'kms:Decrypt'>
