/** Small files of every media type, made on the spot. */
import { crc32, deflateSync } from 'node:zlib'

/** One file of the demo. */
export interface SampleFile {
  type: 'image' | 'voice' | 'video' | 'thumb'
  filename: string
  contentType: string
  bytes: Buffer
  title?: string
  introduction?: string
}

const SIDE = 96
const MP3_FRAMES = 80
/** A silent MPEG-1 layer III frame at 128 kbit/s and 44.1 kHz has 417 bytes. */
const MP3_FRAME_BYTES = 417
const PIXEL_JPEG =
  '/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wgALCAABAAEBAREA/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxA='

/** An image with a Chinese name, a voice, a video and a thumb. */
export const sampleFiles = (): SampleFile[] => [
  { type: 'image', filename: '海边·日落.png', contentType: 'image/png', bytes: sunset() },
  { type: 'voice', filename: '问候.mp3', contentType: 'audio/mpeg', bytes: silence() },
  {
    type: 'video',
    filename: '短片.mp4',
    contentType: 'video/mp4',
    bytes: film(),
    title: '海边的一天',
    introduction: '从日出到日落',
  },
  { type: 'thumb', filename: '封面.jpg', contentType: 'image/jpeg', bytes: Buffer.from(PIXEL_JPEG, 'base64') },
]

/** A PNG of a colour gradient (RFC 2083). */
function sunset(): Buffer {
  const rows = Array.from({ length: SIDE }, (_, y) => {
    const row = Buffer.alloc(1 + SIDE * 3)
    for (let x = 0; x < SIDE; x++) row.set([255 - y, 90 + ((x + y) % 80), 40 + y], 1 + x * 3)
    return row
  })
  const header = Buffer.alloc(13)
  header.writeUInt32BE(SIDE, 0)
  header.writeUInt32BE(SIDE, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND'),
  ])
}

function chunk(name: string, data = Buffer.alloc(0)): Buffer {
  const named = Buffer.concat([Buffer.from(name, 'latin1'), data])
  const framed = Buffer.alloc(named.length + 8)
  framed.writeUInt32BE(data.length, 0)
  named.copy(framed, 4)
  framed.writeUInt32BE(crc32(named), named.length + 4)
  return framed
}

function silence(): Buffer {
  const frame = Buffer.alloc(MP3_FRAME_BYTES)
  frame.set([0xff, 0xfb, 0x90, 0x00])
  return Buffer.concat(Array.from({ length: MP3_FRAMES }, () => frame))
}

/** The boxes an MP4 begins with, and some media data. */
function film(): Buffer {
  const type = Buffer.from('\0\0\0\x18ftypmp42\0\0\0\0mp42isom', 'latin1')
  const data = Buffer.alloc(256 * 1024)
  for (let index = 8; index < data.length; index++) data[index] = (index * 31) & 0xff
  data.writeUInt32BE(data.length, 0)
  data.write('mdat', 4, 'latin1')
  return Buffer.concat([type, data])
}
