/** What the stack prints once it is ready: where it is, and three lines that work when pasted. */
import type { Stack } from './startStack.ts'

/** A picture of one pixel, for the first upload. */
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

/** The text, ending in a line break. */
export function banner({ url, apiKey, appId, s3Url, tableUrl, wechatUrl, simulated }: Stack): string {
  const query = `app_id=${appId}`
  const auth = `-H 'Authorization: Bearer ${apiKey}'`
  return `
素材 sucai is ready on ${url}
  API key     ${apiKey}
  account     ${appId}
  S3          ${s3Url}
  DynamoDB    ${tableUrl}
  WeChat      ${wechatUrl}${simulated ? ' (the built-in simulator)' : ''}

Try it (paste one after the other):
  echo ${PIXEL} | base64 -d > 像素.png
  curl -s ${auth} -F media=@像素.png '${url}/wechat/image/material?${query}'
  curl -s ${auth} -F media=@像素.png '${url}/wechat/media/temporary?${query}'
  curl -s ${auth} '${url}/wechat/uploads?${query}'

Ctrl-C ends it; the data stay.
`
}
