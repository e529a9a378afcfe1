/** The objects of one bucket in memory, in S3's order: by the UTF-8 bytes of their keys. */
import type { StoredObject } from './storedObject.ts'

const SURROGATE = /[\ud800-\udfff]/

/** Lookup and ordered walk. */
export interface ObjectIndex {
  get(key: string): StoredObject | undefined
  set(object: StoredObject): void
  delete(key: string): void
  size(): number
  /** Objects whose key is `from` or sorts after it. */
  walk(from: string): Iterable<StoredObject>
}

/** An index of `objects`. */
export function objectIndex(objects: StoredObject[]): ObjectIndex {
  const byKey = new Map(objects.map(object => [object.key, object]))
  const keys = [...byKey.keys()].sort(compareKeys)
  return {
    get: key => byKey.get(key),
    set(object) {
      if (!byKey.has(object.key)) keys.splice(position(keys, object.key), 0, object.key)
      byKey.set(object.key, object)
    },
    delete(key) {
      if (byKey.delete(key)) keys.splice(position(keys, key), 1)
    },
    size: () => byKey.size,
    *walk(from) {
      for (let at = position(keys, from); at < keys.length; at++) {
        const object = byKey.get(keys[at] ?? '')
        if (object) yield object
      }
    },
  }
}

/** UTF-16 order differs from UTF-8 order only where surrogates meet the characters above them. */
export function compareKeys(a: string, b: string): number {
  if (SURROGATE.test(a) || SURROGATE.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b))
  return a < b ? -1 : a > b ? 1 : 0
}

/** The first place whose key is not before `key`. */
function position(keys: string[], key: string): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareKeys(keys[middle] ?? '', key) < 0) low = middle + 1
    else high = middle
  }
  return low
}
