/** The files of `examples/`: one of every media type. */
import { readFileSync } from 'node:fs'

/** One file of the demo. */
export interface SampleFile {
  type: 'image' | 'voice' | 'video' | 'thumb'
  filename: string
  contentType: string
  bytes: Buffer
  title?: string
  introduction?: string
}

const EXAMPLES: Omit<SampleFile, 'bytes'>[] = [
  { type: 'image', filename: '海边.png', contentType: 'image/png' },
  { type: 'voice', filename: '问候.mp3', contentType: 'audio/mpeg' },
  {
    type: 'video',
    filename: '短片.mp4',
    contentType: 'video/mp4',
    title: '海边的一天',
    introduction: '从日出到日落',
  },
  { type: 'thumb', filename: '封面.jpg', contentType: 'image/jpeg' },
]

/** An image with a Chinese name, a voice, a video and a thumb. */
export const sampleFiles = (): SampleFile[] =>
  EXAMPLES.map(example => ({
    ...example,
    bytes: readFileSync(new URL(`../../examples/${example.filename}`, import.meta.url)),
  }))
