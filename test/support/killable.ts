import type { NamedPorts } from '../../shared/core/ports.ts'
import type { MaterialApi, MediaApi, WeChat } from '../../shared/ports/wechat.ts'

/** Ports of a run that dies at one of its steps, as a frozen or killed sandbox does: nothing of it ever goes on. */
export interface Killable {
  ports: Pick<NamedPorts, 'table' | 'objects' | 'wechat' | 'invoker'>
  /** Resolves when the run has died. */
  died: Promise<'died'>
}

/** The run dies at its step number `step` (from 1): `before` the outside hears of it, or `after` but before the answer. */
export function killable(ports: Killable['ports'], step: number, moment: 'before' | 'after'): Killable {
  let steps = 0
  let die: (reason: 'died') => void = () => undefined
  const died = new Promise<'died'>(resolve => {
    die = resolve
  })
  const never = new Promise<never>(() => undefined)

  const stepping =
    <A extends unknown[], R>(method: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      steps++
      const here = steps
      if (here > step) return never
      if (here === step && moment === 'before') {
        die('died')
        return never
      }
      const result = await method(...args)
      if (steps < step || (steps === step && here < step)) return result
      die('died')
      return never
    }

  const { table, objects, wechat, invoker } = ports
  const media = (api: MediaApi): MediaApi => ({ ...api, upload: stepping(api.upload) })
  const material = (api: MaterialApi): MaterialApi => ({ ...api, add: stepping(api.add), list: stepping(api.list) })
  const dyingWeChat: WeChat = {
    media: appId => media(wechat.media(appId)),
    material: appId => material(wechat.material(appId)),
    draft: wechat.draft,
  }
  return {
    died,
    ports: {
      table: {
        get: (key, signal) => stepping(() => table.get<never>(key, signal))(),
        put: (draft, expected, signal) => stepping(() => table.put(draft, expected, signal))(),
        remove: stepping(table.remove),
        list: (pk, query, signal) => stepping(() => table.list<never>(pk, query, signal))(),
        due: stepping(table.due),
      },
      objects: {
        head: stepping(objects.head),
        read: stepping(objects.read),
        write: stepping(objects.write),
        remove: stepping(objects.remove),
      },
      wechat: dyingWeChat,
      invoker: { call: stepping(invoker.call), send: stepping(invoker.send) },
    },
  }
}
