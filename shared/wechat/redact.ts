/** Keeps secrets out of what may end in an error or a log. */

const MAX_EXCERPT_CHARS = 2_000
const IN_QUERY = /((?:access_token|secret|appsecret)=)[^&\s"'<>\\]+/gi
const IN_JSON = /("(?:\w*access_token|\w*refresh_token|secret|appsecret)"\s*:\s*")[^"]*/gi

/** `text` without any of `secrets`, plain or URL-encoded. */
export function withoutSecrets(text: string, secrets: string[]): string {
  let out = text
  for (const secret of secrets) {
    if (!secret) continue
    const encoded = encodeURIComponent(secret)
    out = out.replaceAll(secret, '[secret]')
    if (encoded !== secret) out = out.replaceAll(encoded, '[secret]')
  }
  return out
}

/** At most 2,000 characters of an answer for the log, tokens and secrets blanked by their field names too. */
export function excerpt(text: string): string {
  return text.replace(IN_QUERY, '$1[secret]').replace(IN_JSON, '$1[secret]').slice(0, MAX_EXCERPT_CHARS)
}
