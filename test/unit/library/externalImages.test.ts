import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { externalImages } from '../../../shared/domain/articles/externalImages.ts'

const none = () => false

describe('the images of an article', () => {
  it.each([
    ['<img src="a">', ['a']],
    ["<IMG\n\tSRC = 'a b'/>", ['a b']],
    ['<img src=a>', ['a']],
    ['<img data-src="a">', ['a']],
    ['<img data-src="b" src="a">', ['a']],
    ['<img src="" data-src="b">', ['b']],
    ['<img src="a" src="b">', ['a']],
    ['<img alt=\'x src="no"\' src="a">', ['a']],
    ['<img alt="a > b" src="c">', ['c']],
    ['<img src="a?x=1&amp;y=2">', ['a?x=1&y=2']],
    ['<img>', ['']],
    ['<img/>', ['']],
    ['<img src="a"><img src="a">', ['a']],
    ['<imgx src="a"><image src="b"><p>img src="c"</p>', []],
    ['<img src="a"', []],
    ['<img <img src="b">', ['b']],
  ])('%s', (html, sources) => expect(externalImages(html, none)).toEqual(sources))

  it('are exactly those that are not kept, whatever stands around them', () => {
    const text = fc.stringMatching(/^[^<>"'&]*$/)
    const source = fc.webUrl().map(url => url.replaceAll(/["'&<>\s]/g, ''))
    const image = fc.tuple(source, fc.constantFrom('src', 'SRC', 'data-src'), fc.constantFrom('"', "'"), text)
    fc.assert(
      fc.property(fc.array(fc.tuple(text, image)), parts => {
        const html = parts.map(
          ([around, [url, name, quote, alt]]) => `${around}<img alt="${alt}>" ${name}=${quote}${url}${quote}>`,
        )
        const urls = [...new Set(parts.map(([, [url]]) => url))]
        expect(externalImages(html.join(''), none)).toEqual(urls)
        const keep = (url: string) => urls.indexOf(url) % 2 === 0
        expect(externalImages(html.join(''), keep)).toEqual(urls.filter(url => !keep(url)))
      }),
    )
  })

  it('of text that is meant to be slow to read are found all the same', () => {
    const hostile = '<img "'.repeat(3_000) + '<img '.repeat(3_000)
    expect(externalImages(hostile, none)).toEqual([])
  })
})
