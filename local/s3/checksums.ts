/** The checksums S3 knows beside MD5; values travel as base64 of big-endian bytes. */
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** As in `x-amz-checksum-<algorithm>`. */
export const CHECKSUM_ALGORITHMS = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'] as const

/** One of {@link CHECKSUM_ALGORITHMS}. */
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number]

/** A checksum on its way. */
export interface RunningChecksum {
  update(chunk: Uint8Array): void
  digest(): Buffer
}

/** Begins a checksum of no bytes yet. */
export function startChecksum(algorithm: ChecksumAlgorithm): RunningChecksum {
  if (algorithm === 'crc32') return crc32Sum((chunk, value) => crc32(chunk, value))
  if (algorithm === 'crc32c') return crc32Sum(crc32c)
  if (algorithm === 'crc64nvme') return crc64Sum()
  const hash = createHash(algorithm)
  return {
    update: chunk => {
      hash.update(chunk)
    },
    digest: () => hash.digest(),
  }
}

/** The algorithm that `name` means in any case, `undefined` for a foreign one. */
export function checksumAlgorithm(name: string): ChecksumAlgorithm | undefined {
  return CHECKSUM_ALGORITHMS.find(algorithm => algorithm === name.toLowerCase())
}

function crc32Sum(step: (chunk: Uint8Array, value: number) => number): RunningChecksum {
  let value = 0
  return {
    update: chunk => {
      value = step(chunk, value)
    },
    digest: () => {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32BE(value >>> 0)
      return bytes
    },
  }
}

/** Castagnoli's polynomial, reflected (RFC 3720 §12.1). */
const CRC32C_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1
  return value
})

function crc32c(chunk: Uint8Array, before: number): number {
  let value = ~before
  for (const byte of chunk) value = (CRC32C_TABLE[(value ^ byte) & 255] ?? 0) ^ (value >>> 8)
  return ~value >>> 0
}

/** CRC-64/NVME, reflected, as two halves because numbers hold 32 bits in bitwise arithmetic. */
const CRC64_POLYNOMIAL = { high: 0x9a6c9329, low: 0xac4bc9b5 }
const CRC64_HIGH = new Uint32Array(256)
const CRC64_LOW = new Uint32Array(256)
for (let byte = 0; byte < 256; byte++) {
  let high = 0
  let low = byte
  for (let bit = 0; bit < 8; bit++) {
    const odd = low & 1
    low = (low >>> 1) | (high << 31)
    high >>>= 1
    if (odd) {
      low ^= CRC64_POLYNOMIAL.low
      high ^= CRC64_POLYNOMIAL.high
    }
  }
  CRC64_HIGH[byte] = high
  CRC64_LOW[byte] = low
}

function crc64Sum(): RunningChecksum {
  let high = ~0
  let low = ~0
  return {
    update: chunk => {
      for (const byte of chunk) {
        const index = (low ^ byte) & 255
        low = ((low >>> 8) | (high << 24)) ^ (CRC64_LOW[index] ?? 0)
        high = (high >>> 8) ^ (CRC64_HIGH[index] ?? 0)
      }
    },
    digest: () => {
      const bytes = Buffer.alloc(8)
      bytes.writeUInt32BE(~high >>> 0)
      bytes.writeUInt32BE(~low >>> 0, 4)
      return bytes
    },
  }
}
