/** Connections to public addresses only, checked where they are made (security.md, SSRF). */
import { type LookupAddress, lookup as systemLookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import Agent from 'undici/lib/dispatcher/agent.js'
import { connecting } from './connecting.ts'
import { isPublicAddress } from './publicAddress.ts'

/** Names to addresses, as `dns.lookup` does with `all`. */
export type Lookup = (
  hostname: string,
  options: { all: true },
  callback: (error: Error | null, addresses: LookupAddress[]) => void,
) => void

/** What decides where a connection may go. */
export interface AddressRules {
  /** The system's when absent. */
  lookup?: Lookup | undefined
  /** {@link isPublicAddress} when absent. */
  isPublic?: ((address: string) => boolean) | undefined
  /** The error for an address that is refused. */
  refused: (what: string) => Error
}

/** An agent of one request each: no connection is kept, so that each is checked anew. */
export const openAgent = (): Agent => new Agent({ connect: connecting(), pipelining: 0 })

/** An agent whose connected address is the checked one. An address in a URL asks no resolver: see {@link checkLiteral}. */
export function guardedAgent({ lookup = systemLookup, isPublic = isPublicAddress, refused }: AddressRules): Agent {
  return new Agent({ connect: connecting({ lookup: checkedLookup(lookup, isPublic, refused) }), pipelining: 0 })
}

/** Throws for a URL whose host is an address that is not public. */
export function checkLiteral(url: URL, { isPublic = isPublicAddress, refused }: AddressRules): void {
  const literal = url.hostname.replace(/^\[|\]$/g, '')
  if (isIP(literal) && !isPublic(literal)) throw refused(`the address ${literal}`)
}

/** Fails the whole name when one of its addresses is not public. */
function checkedLookup(
  lookup: Lookup,
  isPublic: (address: string) => boolean,
  refused: AddressRules['refused'],
): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? []
      const inside = addresses?.find(({ address }) => !isPublic(address))
      if (error) callback(error, '')
      else if (!first || inside) callback(refused(`the address ${inside?.address} of ${hostname}`), '')
      else if (options.all) callback(null, addresses)
      else callback(null, first.address, first.family)
    })
  }
}
