/** Tells whether a bare media_id is of the library or of the draft box (service-api.md §2). */
import type * as z from 'zod'
import type { Account } from '../../core/account.ts'
import { AppError } from '../../core/errors.ts'
import type { MaterialKind } from '../../core/schemas/library.ts'
import type { NewsMaterial, WeChat } from '../../ports/wechat.ts'
import type { MaterialData } from './libraryRows.ts'

/** What a media_id is of. */
export type Kind = z.infer<typeof MaterialKind>

/** What is known of a media_id before WeChat is asked. */
export interface Clues {
  account: Account
  mediaId: string
  /** Our own row. */
  known: MaterialData | undefined
  /** `?kind=` or `?source=` of the caller. */
  said: Kind | undefined
  signal: AbortSignal
}

/** The kind, and the draft where finding out has already fetched it. */
export interface Resolved {
  kind: Kind
  draft?: NewsMaterial
}

/**
 * Our own row decides, else the caller, else the draft box is asked: only its clear "I do not know it" (40007) makes
 * an id one of the library. Any other failure is thrown, so that nothing is ever done on a guess.
 */
export async function resolveKind(wechat: WeChat, clues: Clues): Promise<Resolved> {
  const { account, mediaId, known, said, signal } = clues
  const told = known?.kind ?? said
  if (told) return { kind: told }
  // Without a draft box there is only the library.
  if (account.articles === 'news') return { kind: 'material' }
  try {
    return { kind: 'draft', draft: await wechat.draft(account.app_id).get(mediaId, signal) }
  } catch (error) {
    if (error instanceof AppError && error.code === 'MEDIA_NOT_FOUND') return { kind: 'material' }
    throw error
  }
}

/** What the query says: `?source=news` is about the library. */
export const saidKind = ({
  kind,
  source,
}: {
  kind?: Kind | undefined
  source?: 'news' | undefined
}): Kind | undefined => (source === 'news' ? 'material' : kind)
