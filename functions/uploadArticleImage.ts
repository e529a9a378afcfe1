/** Uploads an image for the inside of articles; it has a URL and no media_id, and is not in the library. */
import { serve, table, wechat } from '#host'
import { readForm } from '../shared/core/multipart.ts'
import { operation } from '../shared/core/operation.ts'
import { ArticleImageAnswer } from '../shared/core/schemas/articles.ts'
import { MaterialUploadQuery } from '../shared/core/schemas/media.ts'
import { checkForm } from '../shared/domain/uploads/checkForm.ts'

export const uploadArticleImage = operation({
  id: 'uploadArticleImage',
  method: 'POST',
  path: '/wechat/material/article/image',
  role: 'write',
  summary: 'Upload an image for articles',
  query: MaterialUploadQuery,
  form: MaterialUploadQuery,
  read: async (request, { query, account }, signal) => {
    const { file } = await readForm(request, query.file_field, signal)
    return checkForm(file, { type: 'image', permanent: true, inArticle: true, account })
  },
  response: ArticleImageAnswer,
  needs: ['wechat'],
  run: async ({ appId, body: { file, warnings } }, { wechat }, { signal }) => {
    const { url } = await wechat.media(appId).uploadImage(file, signal)
    return { data: { url, ...(warnings.length > 0 && { warnings }) } }
  },
})

export const main = serve(uploadArticleImage, { table, wechat })
