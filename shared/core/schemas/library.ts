/** Shapes of the library: statistics, lists, single materials and media (service-api.md §2). */
import * as z from 'zod'
import { NewsItemView } from './articles.ts'
import { MediaId, MediaTypeName } from './media.ts'

/** Pages beyond any library: WeChat's largest holds 100,000 items. */
const MAX_PAGE = 100_000

/** `/…/{mediaId}` */
export const MediaIdPath = z.object({ mediaId: MediaId })

/** `?source=news` means the news material of before the draft box, read-only at WeChat. */
export const Source = z
  .literal('news')
  .optional()
  .describe('news material of before the draft box, which WeChat only lets read')

/** What a bare media_id is of: the library or the draft box. */
export const MaterialKind = z.enum(['material', 'draft'])

const NamedKind = MaterialKind.optional().describe('what the id is of; found out where it is not given')

const Redirect = z
  .enum(['0', '1'])
  .default('0')
  .transform(text => text === '1')
  .describe('1: answer 302 to the file')

/** `?source=` */
export const StatsQuery = z.object({ source: Source })

/** seed004 §4. */
export const StatsAnswer = z.object({
  data: z.object({
    voice_count: z.int().min(0),
    video_count: z.int().min(0),
    image_count: z.int().min(0),
    news_count: z.int().min(0),
  }),
})

/** seed004 §5. */
export const MaterialsQuery = z.object({
  type: z.enum(['image', 'voice', 'video', 'news']),
  page: z.coerce.number().pipe(z.int().min(1).max(MAX_PAGE)).default(1),
  limit: z.coerce.number().pipe(z.int().min(1).max(100)).default(15),
  source: Source,
})

/** A file of a list. */
export const MaterialItemView = z.object({
  media_id: z.string(),
  name: z.string(),
  update_time: z.int().min(0).describe('seconds since the epoch'),
  url: z.string().describe('"" for voice and video'),
})

/** Articles of a list. */
export const NewsListItemView = z.object({
  media_id: z.string(),
  content: z.object({
    news_item: z.array(NewsItemView),
    create_time: z.int().min(0).optional(),
    update_time: z.int().min(0).optional(),
  }),
  update_time: z.int().min(0).describe('seconds since the epoch'),
})

/** seed004 §5: the bare object. */
export const MaterialsAnswer = z.object({
  total_count: z.int().min(0),
  item_count: z.int().min(0),
  item: z.array(z.union([NewsListItemView, MaterialItemView])),
})

/** `?kind=`, `?source=`, `?redirect=` */
export const MaterialQuery = z.object({ kind: NamedKind, source: Source, redirect: Redirect })

/** `?kind=`, `?source=` */
export const DeleteMaterialQuery = z.object({ kind: NamedKind, source: Source })

/** `?redirect=` */
export const TemporaryQuery = z.object({ redirect: Redirect })

/** Articles; seed004 §7, with the times that WeChat adds. */
export const NewsAnswer = z.object({
  news_item: z.array(NewsItemView),
  create_time: z.int().min(0).optional(),
  update_time: z.int().min(0).optional(),
})

const FILE_FACTS = {
  content_type: z.string(),
  size: z.int().min(0).describe('bytes'),
  expires_at: z.int().min(0).describe('end of the URL, seconds since the epoch'),
}

/** A permanent file; seed004 §7, `title` and `description` are of videos and "" for others. */
export const MaterialFileAnswer = z.object({
  type: MediaTypeName.optional().describe('absent for bytes of no known format'),
  title: z.string(),
  description: z.string(),
  down_url: z.string(),
  ...FILE_FACTS,
})

/** Articles or a file. */
export const GetMaterialAnswer = z.union([NewsAnswer, MaterialFileAnswer])

/** seed004 §8: a video has `video_url`, everything else `down_url`; both are ours. */
export const TemporaryFileAnswer = z.union([
  z.object({ video_url: z.string(), ...FILE_FACTS }),
  z.object({ down_url: z.string(), ...FILE_FACTS }),
])
