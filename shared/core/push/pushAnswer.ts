/** What WeChat is answered: bare text, which no browser may take for anything else (wechat-api.md §6.1, §6.4). */
export const pushAnswer = (text: string): Response =>
  new Response(text, { headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' } })
