import { describe, expect, it } from 'vitest'
import { type Limit, limitsFor, measure } from '../../../shared/wechat/limits.ts'

const MIB = 1024 * 1024

const isLimit = (value: object): value is Limit => 'max' in value

/** Every limit of a set with its path. */
function leaves(value: unknown, path = ''): [string, Limit][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  if (isLimit(value)) return [[path, value]]
  return Object.entries(value).flatMap(([name, inner]) => (name === 'formats' ? [] : leaves(inner, `${path}/${name}`)))
}

describe('limitsFor', () => {
  it('names a source and a date for every limit of every set', () => {
    for (const set of ['current', '2017', '2015'] as const) {
      const all = leaves(limitsFor(set))
      expect(all.length).toBeGreaterThan(30)
      for (const [path, limit] of all) {
        expect(limit.max, path).toBeGreaterThan(0)
        expect(limit.source, path).toMatch(/^(seed00\d|wechat-api\.md §[\d.]+)$/)
        expect(limit.date, path).toMatch(/^20\d\d(-\d\d)?$/)
      }
    }
  })

  it('takes the newest sizes by default', () => {
    const { permanent, temporary, library, articleImage } = limitsFor()
    expect(permanent.image.bytes.max).toBe(10 * MIB)
    expect(permanent.voice).toMatchObject({ bytes: { max: 2 * MIB }, seconds: { max: 60 } })
    expect(permanent.thumb.bytes.max).toBe(65_536)
    expect(temporary.video.bytes.max).toBe(10 * MIB)
    expect(library).toMatchObject({ imageAndNews: { max: 100_000 }, voice: { max: 1_000 } })
    expect(articleImage.bytes.max).toBe(MIB - 1)
  })

  it('keeps the limits of the older seeds selectable', () => {
    expect(limitsFor('2015').temporary.image).toMatchObject({ bytes: { max: MIB } })
    expect(Object.keys(limitsFor('2015').temporary.image.formats)).toEqual(['jpg', 'jpeg'])
    expect(limitsFor('2017').permanent.image.bytes.max).toBe(2 * MIB)
    expect(limitsFor('2017').library.imageAndNews.max).toBe(5_000)
  })

  it('knows each extension by its content types', () => {
    const { permanent, temporary } = limitsFor()
    expect(Object.keys(permanent.image.formats).sort()).toEqual(['bmp', 'gif', 'jpeg', 'jpg', 'png'])
    expect(Object.keys(permanent.voice.formats).sort()).toEqual(['amr', 'mp3', 'wav', 'wma'])
    expect(Object.keys(temporary.voice.formats).sort()).toEqual(['amr', 'mp3'])
    expect(permanent.image.formats['jpg']?.[0]).toBe('image/jpeg')
    expect(permanent.video.formats['mp4']?.[0]).toBe('video/mp4')
  })
})

describe('measure', () => {
  it('refuses above the larger value and warns above the smaller one', () => {
    const { title, digest, author } = limitsFor().article
    expect([32, 33, 64, 65].map(length => measure(title, length))).toEqual(['ok', 'warn', 'warn', 'over'])
    expect([120, 121, 128, 129].map(length => measure(digest, length))).toEqual(['ok', 'warn', 'warn', 'over'])
    expect([16, 17].map(length => measure(author, length))).toEqual(['ok', 'over'])
    expect(measure(limitsFor().temporary.image.bytes, 2 * MIB + 1)).toBe('warn')
  })
})
