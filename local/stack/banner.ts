/** What a stack prints once it is ready: where it is, and lines that work when pasted. */
import type { Stack } from './startStack.ts'

/** A picture of one pixel, for the first upload. */
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

/** The text, ending in a line break. */
export function banner(stack: Stack): string {
  const { s3Url, tableUrl, wechatUrl, simulated } = stack
  const wechat = `${wechatUrl}${simulated ? ' (the built-in simulator)' : ''}`
  return bannerOf(stack, { S3: s3Url, DynamoDB: tableUrl, WeChat: wechat })
}

/** The same for any stack; `parts` are named in front of their addresses. */
export function bannerOf(
  { url, apiKey, appId }: Pick<Stack, 'url' | 'apiKey' | 'appId'>,
  parts: Record<string, string>,
): string {
  const query = `app_id=${appId}`
  const auth = `-H 'Authorization: Bearer ${apiKey}'`
  const addresses = Object.entries({ 'API key': apiKey, account: appId, ...parts })
  return `
素材 sucai is ready on ${url}
${addresses.map(([name, address]) => `  ${name.padEnd(12)}${address}`).join('\n')}

Try it (paste one after the other):
  echo ${PIXEL} | base64 -d > 像素.png
  curl -s ${auth} -F media=@像素.png '${url}/wechat/image/material?${query}'
  curl -s ${auth} -F media=@像素.png '${url}/wechat/media/temporary?${query}'
  curl -s ${auth} '${url}/wechat/uploads?${query}'

Ctrl-C ends it; the data stay.
`
}
