/** `X-Request-Id` is accepted when it is harmless, else the platform's own id is used (service-api.md §1). */
export function requestIdOf(headers: Headers, own: string): string {
  const given = headers.get('x-request-id')
  return given && /^[\w.:-]{1,128}$/.test(given) ? given : own
}
