import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

export interface Identity {
  readonly name: string
  readonly key: KeyObject
  /** PEM. */
  readonly certificate: string
}

/** A certificate of one's own, valid from 2020 to `until`: of an authority that signs itself, or of a server whose
 *  addresses it names, signed by `issuer`. @source RFC 5280, RFC 5758 */
export function identity(
  name: string,
  init: { readonly issuer?: Identity; readonly hosts?: readonly Buffer[]; readonly until?: number },
): Identity {
  const { issuer, hosts = [], until = 2099 } = init
  const { privateKey: key, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const extension =
    issuer === undefined
      ? extensionOf([0x55, 0x1d, 0x13], sequence(der(0x01, [0xff])))
      : extensionOf([0x55, 0x1d, 0x11], sequence(...hosts))
  const body = sequence(
    der(0xa0, der(0x02, [2])),
    der(0x02, [1, ...Buffer.from(name)]),
    ecdsaWithSha256,
    commonName(issuer?.name ?? name),
    sequence(time(2020), time(until)),
    commonName(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(extension)),
  )
  const signature = sign('sha256', body, issuer?.key ?? key)
  const whole = sequence(body, ecdsaWithSha256, der(0x03, [0, ...signature]))
  const text = whole.toString('base64').replaceAll(/.{64}/g, '$&\n')
  return {
    name,
    key,
    certificate: `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`,
  }
}

/** Addresses as a certificate names them. */
export const ipAddress = (...bytes: readonly number[]): Buffer => der(0x87, bytes)
export const dnsName = (name: string): Buffer => der(0x82, Buffer.from(name))

const ecdsaWithSha256 = sequence(der(0x06, [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]))

function commonName(name: string): Buffer {
  return sequence(der(0x31, sequence(der(0x06, [0x55, 0x04, 0x03]), der(0x0c, Buffer.from(name)))))
}

function extensionOf(id: readonly number[], value: Buffer): Buffer {
  return sequence(der(0x06, id), der(0x04, value))
}

function time(year: number): Buffer {
  return der(0x18, Buffer.from(`${year}0101000000Z`))
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return der(0x30, Buffer.concat(parts))
}

function der(tag: number, content: Uint8Array | readonly number[]): Buffer {
  const bytes = Buffer.from(content)
  const { length } = bytes
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length]
  return Buffer.concat([Buffer.from([tag, ...size]), bytes])
}
