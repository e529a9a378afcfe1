/** The permanent library of an account: its lists, its caps. */
import type { FileType } from './mutation.ts'
import { Refusal } from './refusal.ts'
import type { AccountState, ArticleSet, Material } from './state.ts'

/** The files of a list type, newest first; thumbs are images there (wechat-api.md §3.1, §3.5). */
export function filesOf(account: AccountState, type: 'image' | 'voice' | 'video'): Material[] {
  const files = [...account.materials.values()].filter(material =>
    type === 'image' ? material.type === 'image' || material.type === 'thumb' : material.type === type,
  )
  return files.reverse()
}

/** Drafts or news, latest change first. */
export function newestFirst(sets: Map<string, ArticleSet>): ArticleSet[] {
  return [...sets.values()].reverse().sort((a, b) => b.updatedAt - a.updatedAt)
}

/** Throws `Refusal` 45034 when the library has no room for one more of this type. */
export function checkRoom(account: AccountState, type: FileType | 'news'): void {
  const { libraryImages, libraryVoices, libraryVideos } = account.settings.limits
  const full =
    type === 'voice'
      ? filesOf(account, 'voice').length >= libraryVoices
      : type === 'video'
        ? filesOf(account, 'video').length >= libraryVideos
        : filesOf(account, 'image').length + account.news.size >= libraryImages
  if (full) throw new Refusal(45034)
}
