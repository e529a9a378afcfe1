/** Removes every object that may be a copy of a media, or what its copy would be made of. */
import type { PortsOf } from '../../core/ports.ts'
import { placesOfCopies } from './archive.ts'
import type { TemporaryData } from './temporaryRow.ts'

/** A copy that another media owns stays. Throws what the `ObjectStore` port throws. */
export async function removeCopies(
  { objects }: PortsOf<'objects'>,
  data: TemporaryData,
  signal: AbortSignal,
): Promise<void> {
  const origin = data.origin === undefined ? [] : [data.origin]
  await Promise.all([...placesOfCopies(data), ...origin].map(key => objects.remove(key, signal)))
}
