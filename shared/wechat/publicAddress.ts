/** Which IP addresses belong to the public internet: everything else could be our own network. */
import { BlockList, isIP, isIPv4 } from 'node:net'

/** IANA special-purpose registry (RFC 6890 and later), multicast and class E: nothing there is a public host. */
const SPECIAL_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]

/** Global unicast: loopback, mapped IPv4, NAT64, local and multicast addresses all lie outside. */
const GLOBAL_IPV6 = ['2000::/3']

/** Inside 2000::/3, yet no public hosts: protocol assignments with Teredo, 6to4, AS112, documentation. */
const SPECIAL_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20']

const loopback = blockList(['127.0.0.0/8'])
const specialV4 = blockList(SPECIAL_IPV4)
const globalV6 = blockList(GLOBAL_IPV6)
const specialV6 = blockList(SPECIAL_IPV6)

/**
 * True for a public unicast address. False for everything special, for IPv6 that carries an IPv4 address inside, and
 * for text that is no address.
 */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !specialV4.check(address, 'ipv4')
  // A zone (`fe80::1%eth0`) is of one machine only.
  if (isIP(address) !== 6 || address.includes('%')) return false
  return globalV6.check(address, 'ipv6') && !specialV6.check(address, 'ipv6')
}

/** True for an address of this machine alone. */
export const isLoopbackAddress = (address: string): boolean =>
  isIPv4(address) ? loopback.check(address, 'ipv4') : address === '::1'

function blockList(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [network = '', prefix = ''] = range.split('/')
    list.addSubnet(network, Number(prefix), isIPv4(network) ? 'ipv4' : 'ipv6')
  }
  return list
}
