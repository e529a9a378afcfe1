/** A page that renders /openapi.json: one document, no other origins, nothing but text from the contract. */
import { createHash } from 'node:crypto'

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --strong: light-dark(#07845a, #3ecf96) }
* { box-sizing: border-box }
body { margin: 0; font: 15px/1.5 system-ui, "PingFang SC", "Microsoft YaHei", sans-serif; display: grid; grid-template-columns: 17rem 1fr }
nav { border-right: 1px solid var(--line); padding: 1rem; height: 100vh; overflow: auto; position: sticky; top: 0; font-size: 13px }
nav h2 { font-size: 12px; text-transform: uppercase; margin: 1rem 0 .2rem; opacity: .7 }
nav a { display: block; color: inherit; text-decoration: none; padding: .1rem 0 }
nav a:hover, nav a:focus { text-decoration: underline }
main { padding: 1rem 2rem; max-width: 62rem; min-width: 0 }
article { border: 1px solid var(--line); border-radius: 6px; margin: 1rem 0; padding: .6rem 1rem }
h1 { margin: .2rem 0 } h3 { margin: 0; font: 600 15px ui-monospace, monospace; overflow-wrap: anywhere }
h3 b { color: var(--strong); margin-right: .6em }
h4 { margin: .8rem 0 .2rem; font-size: 13px }
p { margin: .3rem 0; white-space: pre-line }
pre, code { font: 13px/1.45 ui-monospace, monospace }
pre { background: var(--soft); border-radius: 4px; padding: .5rem .7rem; overflow: auto; margin: .3rem 0; white-space: pre-wrap }
table { border-collapse: collapse; width: 100%; font-size: 13px }
td { border-top: 1px solid var(--line); padding: .2rem .8rem .2rem 0; vertical-align: top }
summary { cursor: pointer; font-size: 13px; margin-top: .5rem }
@media (max-width: 50rem) {
  body { display: block }
  nav { position: static; height: auto; max-height: 40vh; border: 0; border-bottom: 1px solid var(--line) }
  nav a { padding: .3rem 0 }
  main { padding: 1rem }
  td { display: inline-block; border: 0; padding: 0 .8rem 0 0 }
  tr { display: block; border-top: 1px solid var(--line); padding: .2rem 0 }
}
`

const SCRIPT = `
'use strict'
const make = (tag, text, ...children) => {
  const element = document.createElement(tag)
  if (text) element.textContent = text
  element.append(...children)
  return element
}
// Text with \`code\` in it.
const prose = (tag, text) =>
  make(tag, '', ...(text || '').split('\`').map((part, index) => index % 2 ? make('code', part) : part))

const resolve = (contract, schema) =>
  schema.$ref ? schema.$ref.slice(2).split('/').reduce((at, name) => at[name], contract) : schema

const bounds = schema => ['minimum', 'maximum', 'minLength', 'maxLength', 'pattern', 'minItems', 'maxItems', 'default']
  .filter(name => schema[name] !== undefined && schema[name] !== Number.MAX_SAFE_INTEGER)
  .map(name => name + ' ' + JSON.stringify(schema[name]))
  .join(', ')

function typeText(contract, given, indent) {
  const schema = resolve(contract, given)
  const inner = indent + '  '
  const many = schema.anyOf || schema.oneOf
  if (many) return many.map(one => typeText(contract, one, indent)).join(' | ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum) return schema.enum.map(one => JSON.stringify(one)).join(' | ')
  if (schema.properties) {
    const lines = Object.entries(schema.properties).map(([name, property]) => {
      const must = (schema.required || []).includes(name) ? '' : '?'
      const said = [bounds(property), property.description].filter(Boolean).join('; ')
      return inner + name + must + ': ' + typeText(contract, property, inner) + (said ? '   // ' + said : '')
    })
    return '{\\n' + lines.join('\\n') + '\\n' + indent + '}'
  }
  if (schema.items) return '[' + typeText(contract, schema.items, indent) + ', …]'
  if (schema.additionalProperties) return '{ …: ' + typeText(contract, schema.additionalProperties, indent) + ' }'
  return [schema.type].flat().filter(Boolean).join(' | ') || 'anything'
}

function parameterTable(contract, parameters) {
  const rows = parameters.map(({ name, in: place, required, schema, description }) => make('tr', '',
    make('td', '', make('code', name + (required ? '' : '?'))),
    make('td', place),
    make('td', '', make('code', typeText(contract, schema, ''))),
    make('td', [bounds(schema), description || schema.description].filter(Boolean).join('; '))))
  return make('table', '', make('tbody', '', ...rows))
}

function contentText(contract, content) {
  return Object.entries(content || {}).map(([type, { schema }]) => make('pre', type + '\\n' + typeText(contract, schema, '')))
}

function operationArticle(contract, path, method, operation) {
  const article = make('article')
  article.id = operation.operationId
  article.append(
    make('h3', '', make('b', method.toUpperCase()), path),
    prose('p', operation.summary + '. ' + (operation.description || '')))
  if (operation.parameters) article.append(make('h4', 'Parameters'), parameterTable(contract, operation.parameters))
  if (operation.requestBody) article.append(make('h4', 'Body'), ...contentText(contract, operation.requestBody.content))
  const responses = Object.entries(operation.responses)
  for (const [status, response] of responses.filter(([status]) => status < '400')) {
    article.append(make('h4', status + ' ' + (status < '300' ? '' : response.description)), ...contentText(contract, response.content))
  }
  const refused = responses.filter(([status]) => status >= '400').map(([status, { description }]) =>
    make('tr', '', make('td', status), make('td', '', prose('p', description))))
  article.append(make('details', '', make('summary', 'Errors'), make('table', '', make('tbody', '', ...refused))))
  return article
}

async function show() {
  const main = document.querySelector('main')
  const nav = document.querySelector('nav')
  const answer = await window.fetch('openapi.json')
  if (!answer.ok) throw new Error('openapi.json answered ' + answer.status)
  const contract = await answer.json()
  main.replaceChildren(make('h1', contract.info.title + ' ' + contract.info.version), prose('p', contract.info.description))
  const operations = Object.entries(contract.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation, tag: operation.tags[0] })))
  for (const { name, description } of contract.tags) {
    nav.append(make('h2', name))
    main.append(make('h2', name), prose('p', description))
    for (const { path, method, operation } of operations.filter(one => one.tag === name)) {
      const link = make('a', operation.summary)
      link.href = '#' + operation.operationId
      nav.append(link)
      main.append(operationArticle(contract, path, method, operation))
    }
  }
  main.append(make('h2', 'Problem'), make('pre', typeText(contract, contract.components.schemas.Problem, '')))
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView()
}

show().catch(error => document.querySelector('main').replaceChildren(make('p', 'The contract could not be shown: ' + error.message)))
`

const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** What the page is answered with; the hashes let exactly its own style and script run. */
export const DOCS_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'public, max-age=300',
  'content-security-policy': [
    "default-src 'none'",
    `script-src ${hash(SCRIPT)}`,
    `style-src ${hash(STYLE)}`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** The page. */
export const DOCS_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>素材 sucai</title>
<style>${STYLE}</style>
</head>
<body>
<nav aria-label="Operations"></nav>
<main><p>Loading …</p></main>
<script>${SCRIPT}</script>
</body>
</html>
`
