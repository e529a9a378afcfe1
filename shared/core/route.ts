/** Path templates: `/wechat/uploads/{uploadId}`. */

/** The decoded parameters of `pathname` under `template`, `undefined` when it does not fit. */
export function matchPath(template: string, pathname: string): Record<string, string> | undefined {
  const wanted = template.split('/')
  const given = pathname.split('/')
  if (wanted.length !== given.length) return undefined
  const params: Record<string, string> = {}
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? ''
    const name = /^\{(\w+)\}$/.exec(part)?.[1]
    if (name === undefined) {
      if (part !== value) return undefined
      continue
    }
    const decoded = decode(value)
    if (!decoded) return undefined
    params[name] = decoded
  }
  return params
}

/** Of several templates that fit, the one with more fixed parts wins, as on API Gateway. */
export const specificity = (template: string): number =>
  template.split('/').filter(part => !part.startsWith('{')).length

function decode(value: string): string | undefined {
  try {
    return decodeURIComponent(value)
  } catch {
    return undefined
  }
}
