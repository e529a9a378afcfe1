/** A throw-away certificate for 127.0.0.1, made anew for each run: nothing to keep, nothing to leak. */
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from './bundled.ts'

const DAY_MS = 24 * 3_600_000
const BEGIN = '-----BEGIN CERTIFICATE-----'
const END = '-----END CERTIFICATE-----'

/** Key and certificate as PEM files, which stand-ins serve with and contestants trust. */
export interface TlsIdentity {
  keyFile: string
  certFile: string
}

let made: TlsIdentity | undefined

/** The run's identity. */
export function tlsIdentity(): TlsIdentity {
  if (made) return made
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const der = certificate(privateKey, publicKey)
  const identity = {
    keyFile: join(temporaryFolder(), 'key.pem'),
    certFile: join(temporaryFolder(), 'cert.pem'),
  }
  writeFileSync(identity.keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  writeFileSync(identity.certFile, `${BEGIN}\n${der.toString('base64').replaceAll(/.{64}/g, '$&\n')}\n${END}\n`)
  made = identity
  return identity
}

/** A self-signed X.509 v3 certificate (RFC 5280 §4.1) for the address 127.0.0.1, valid from yesterday for two days. */
function certificate(privateKey: KeyObject, publicKey: KeyObject): Buffer {
  const algorithm = sequence(oid('2a8648ce3d040302'))
  const name = sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from('sucai bench')))))
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const basic = sequence(oid('551d13'), der(0x04, sequence(der(0x01, Buffer.of(0xff)))))
  const address = sequence(oid('551d11'), der(0x04, sequence(der(0x87, Buffer.of(127, 0, 0, 1)))))
  const body = sequence(
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, createHash('sha256').update(spki).digest().subarray(0, 8).fill(1, 0, 1)),
    algorithm,
    name,
    sequence(time(-DAY_MS), time(DAY_MS)),
    name,
    spki,
    der(0xa3, sequence(basic, address)),
  )
  return sequence(body, algorithm, der(0x03, Buffer.concat([Buffer.of(0), sign('sha256', body, privateKey)])))
}

const sequence = (...parts: Buffer[]): Buffer => der(0x30, ...parts)
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'))

function time(offsetMs: number): Buffer {
  const digits = new Date(Date.now() + offsetMs).toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  return der(0x17, Buffer.from(digits.slice(2)))
}

/** Tag, length (ITU-T X.690 §8.1), contents. */
function der(tag: number, ...parts: Buffer[]): Buffer {
  const contents = Buffer.concat(parts)
  const size = contents.length
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff]
  return Buffer.concat([Buffer.of(tag, ...length), contents])
}
