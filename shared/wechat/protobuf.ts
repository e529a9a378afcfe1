/** As much of Protocol Buffers' wire format as cloud calls take: numbers and bytes (protobuf.dev/programming-guides/encoding). */

const VARINT = 0
const FIXED_64 = 1
const BYTES = 2
const FIXED_32 = 5

/** One field of a message: an int32, or bytes (text and messages are bytes too). */
export interface ProtoField {
  number: number
  value: number | Buffer
}

/** A message of these fields, in their order. */
export function protoMessage(fields: readonly ProtoField[]): Buffer {
  return Buffer.concat(
    fields.flatMap(({ number, value }) =>
      typeof value === 'number'
        ? [varint((number << 3) | VARINT), varint(value)]
        : [varint((number << 3) | BYTES), varint(value.length), value],
    ),
  )
}

/** The fields of a message, without those of fixed size, which no message here has. Throws `RangeError` for what is no message. */
export function protoFields(message: Buffer): ProtoField[] {
  const fields: ProtoField[] = []
  let at = 0
  const number = (): number => {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message.readUInt8(at++)
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return Number(BigInt.asIntN(32, value))
    }
    throw new RangeError('a number without end')
  }
  const skip = (bytes: number): number => {
    if (bytes < 0 || at + bytes > message.length) throw new RangeError('a field is longer than its message')
    at += bytes
    return at - bytes
  }
  while (at < message.length) {
    const tag = number()
    const kind = tag & 7
    if (kind === VARINT) fields.push({ number: tag >>> 3, value: number() })
    else if (kind === BYTES) {
      const length = number()
      const start = skip(length)
      fields.push({ number: tag >>> 3, value: message.subarray(start, at) })
    } else if (kind === FIXED_64 || kind === FIXED_32) skip(kind === FIXED_64 ? 8 : 4)
    else throw new RangeError(`there is no kind ${kind} of field`)
  }
  return fields
}

/** The bytes of a field; empty when it is absent. */
export function protoBytes(fields: readonly ProtoField[], number: number): Buffer {
  const value = fields.findLast(field => field.number === number)?.value
  return typeof value === 'object' ? value : Buffer.alloc(0)
}

/** The int32 of a field; 0 when it is absent. */
export function protoNumber(fields: readonly ProtoField[], number: number): number {
  const value = fields.findLast(field => field.number === number)?.value
  return typeof value === 'number' ? value : 0
}

/** Negative numbers take ten bytes, as 64 bits. */
function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  return Buffer.from([...bytes, Number(rest)])
}
