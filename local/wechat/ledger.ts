/** The ledger: what the platform accepted, in order, without tokens or secrets. */
import type { JournalEntry, Mutation } from './mutation.ts'

/** One accepted change. `kind` names the call, or says who else did it. */
export interface LedgerEntry {
  /** Grows with each change; control actions that are not listed leave gaps. */
  seq: number
  /** ISO 8601, the simulator's own time */
  time: string
  app_id: string
  kind: string
  media_id?: string
  filename?: string
  type?: string
  /** bytes */
  size?: number
  /** lower-case hex */
  sha256?: string
}

const MEDIA_KINDS = { upload: 'media/upload', fan: 'fan', jssdk: 'jssdk' } as const
const REMOVAL_KINDS = {
  media: '',
  materials: 'material/del_material',
  drafts: 'draft/delete',
  news: 'material/del_material',
}

/** The ledger line of an entry; `undefined` for clock and settings changes, which are no call's doing. */
export function ledgerEntry({ seq, time, mutation }: JournalEntry): LedgerEntry | undefined {
  if (mutation.event === 'account' || mutation.event === 'advance' || mutation.event === 'expire') return undefined
  const line: LedgerEntry = {
    seq,
    time: new Date(time).toISOString(),
    app_id: mutation.appId,
    kind: kindOf(mutation),
  }
  if ('mediaId' in mutation) line.media_id = mutation.mediaId
  if ('file' in mutation) {
    const { filename, size, sha256 } = mutation.file
    Object.assign(line, { filename, size, sha256 })
  }
  if (mutation.event === 'media' || mutation.event === 'material') line.type = mutation.type
  return line
}

function kindOf(mutation: Exclude<Mutation, { event: 'account' | 'advance' | 'expire' }>): string {
  switch (mutation.event) {
    case 'token':
      return mutation.family === 'classic' ? 'token' : mutation.forced ? 'stable_token/forced' : 'stable_token'
    case 'clear-quota':
      return 'clear_quota'
    case 'media':
      return MEDIA_KINDS[mutation.source]
    case 'material':
      return 'material/add_material'
    case 'article-image':
      return 'media/uploadimg'
    case 'articles':
      return mutation.shelf === 'drafts' ? 'draft/add' : 'material/add_news'
    case 'article':
      return mutation.shelf === 'drafts' ? 'draft/update' : 'material/update_news'
    case 'removed':
      return mutation.by === 'console' ? 'console/delete' : REMOVAL_KINDS[mutation.shelf]
  }
}
