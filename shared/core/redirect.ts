/** Sends the client elsewhere for this one time; the address is signed and must not be kept by a cache. */
export const redirectTo = (address: string): Response =>
  new Response(null, { status: 302, headers: { location: address, 'cache-control': 'no-store' } })
