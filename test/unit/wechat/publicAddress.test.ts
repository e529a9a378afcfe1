import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isPublicAddress } from '../../../shared/wechat/publicAddress.ts'

describe('an address of the public internet', () => {
  it.each([
    '1.1.1.1',
    '101.226.103.1',
    '172.15.255.255',
    '172.32.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '223.255.255.255',
  ])('%s may be fetched from', address => expect(isPublicAddress(address)).toBe(true))
  it.each(['2402:4e00::1', '2606:4700:4700::1111', '2a00:1450::1', '3ffe::1'])('%s may be fetched from', address =>
    expect(isPublicAddress(address)).toBe(true),
  )
})

describe('every other address', () => {
  it.each([
    ['loopback', '127.0.0.1'],
    ['loopback, its last', '127.255.255.255'],
    ['this host', '0.0.0.0'],
    ['private 10', '10.0.0.1'],
    ['private 172', '172.16.0.1'],
    ['private 172, its last', '172.31.255.255'],
    ['private 192', '192.168.1.1'],
    ['cloud metadata', '169.254.169.254'],
    ['Tencent and Alibaba metadata', '100.100.100.200'],
    ['carrier NAT', '100.64.0.1'],
    ['protocol assignments', '192.0.0.1'],
    ['documentation', '203.0.113.7'],
    ['benchmarks', '198.19.255.255'],
    ['6to4 relays', '192.88.99.1'],
    ['multicast', '224.0.0.1'],
    ['class E', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['IPv6 loopback', '::1'],
    ['IPv6 of no host', '::'],
    ['mapped loopback', '::ffff:127.0.0.1'],
    ['mapped metadata in hex', '::ffff:a9fe:a9fe'],
    ['mapped public', '::ffff:1.1.1.1'],
    ['compatible', '::127.0.0.1'],
    ['NAT64', '64:ff9b::a9fe:a9fe'],
    ['local NAT64', '64:ff9b:1::1'],
    ['6to4', '2002:7f00:1::'],
    ['Teredo', '2001::1'],
    ['documentation', '2001:db8::1'],
    ['new documentation', '3fff::1'],
    ['unique local', 'fd00::1'],
    ['link local', 'fe80::1'],
    ['link local with a zone', 'fe80::1%eth0'],
    ['public with a zone', '2606:4700::1%eth0'],
    ['AWS metadata over IPv6', 'fd00:ec2::254'],
    ['multicast', 'ff02::1'],
    ['text', 'localhost'],
    ['nothing', ''],
    ['hex', '0x7f000001'],
  ])('%s is refused: %s', (_what, address) => expect(isPublicAddress(address)).toBe(false))

  it('is refused in every IPv6 form that carries IPv4 inside', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.constantFrom('::ffff:', '::', '64:ff9b::', '::ffff:0:'), (v4, prefix) => {
        expect(isPublicAddress(prefix + v4)).toBe(false)
      }),
    )
  })

  it('never throws, whatever comes', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6()), text => void isPublicAddress(text)))
  })

  it('of a whole special block is refused', () => {
    fc.assert(
      fc.property(fc.ipV4(), v4 => {
        const [a = 0] = v4.split('.').map(Number)
        if (a === 0 || a === 10 || a === 127 || a >= 224) expect(isPublicAddress(v4)).toBe(false)
      }),
    )
  })
})
