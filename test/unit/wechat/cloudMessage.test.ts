import { describe, expect, it } from 'vitest'
import { decodeAnswer, encodeCall } from '../../../shared/wechat/cloudMessage.ts'
import { protoFields, protoMessage } from '../../../shared/wechat/protobuf.ts'

/** What wx-server-sdk 4.0.2 sent for the same call with `convertCase: false`, recorded from its socket. */
const RECORDED =
  '0800124f0a190a056d656469611204ffd8ff80220ae6b5b7e8beb92e6a70670a0f0a0474797065120722696d61676522' +
  '0a210a0b6465736372697074696f6e12127b227469746c65223a22e697a5e587ba227d3212777830313233343536373839616263646566'

describe('a call', () => {
  it('has the bytes that the platform’s own SDK sends', () => {
    const encoded = encodeCall('wx0123456789abcdef', [
      { name: 'media', value: Buffer.from([0xff, 0xd8, 0xff, 0x80]), filename: '海边.jpg' },
      { name: 'type', value: Buffer.from('"image"') },
      { name: 'description', value: Buffer.from('{"title":"日出"}') },
    ])
    expect(encoded.toString('hex')).toBe(RECORDED)
  })
})

describe('an answer', () => {
  const textField = (number: number, text: string) => ({ number, value: Buffer.from(text) })

  it('has body, type, status and headers', () => {
    const header = protoMessage([textField(1, 'Content-Disposition'), textField(2, 'attachment')])
    const message = protoMessage([
      { number: 1, value: Buffer.from([0x80, 0xff]) },
      textField(2, 'image/jpeg '),
      { number: 4, value: 200 },
      { number: 5, value: header },
    ])
    expect(decodeAnswer(message)).toEqual({
      ...{ errorCode: 0, httpCode: 200, contentType: 'image/jpeg', body: Buffer.from([0x80, 0xff]) },
      headers: { 'content-disposition': 'attachment' },
    })
  })

  it('has the negative code of the platform', () => {
    expect(decodeAnswer(Buffer.from('189b90dbffffffffffff01', 'hex')).errorCode).toBe(-604133)
    expect(decodeAnswer(protoMessage([{ number: 3, value: -604101 }])).errorCode).toBe(-604101)
  })

  it('may have fields that nobody knows yet', () => {
    const fixed = Buffer.from('4901020304050607084d01020304', 'hex')
    expect(protoFields(Buffer.concat([fixed, protoMessage([{ number: 4, value: 502 }])]))).toEqual([
      { number: 4, value: 502 },
    ])
  })

  it.each(['0a', '0aff', '0a05', '18', '0b', '18ffffffffffffffffffffff'])('that is none throws: %s', hex => {
    expect(() => decodeAnswer(Buffer.from(hex, 'hex'))).toThrow(RangeError)
  })
})
