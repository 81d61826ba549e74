/** Who becomes the first administrator of a node. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { fromHex } from '../../node/primitives/bytes.ts'
import type { BootstrapInit, Origin } from '../interface.ts'

/** What `node init` writes of a secret that it prints: SHA-256, hexadecimal. The secret has 32 random bytes, so no salt is needed. */
export function bootstrapHash(secret: string): string {
  return createHash('sha256').update(secret.trim()).digest('hex')
}

/** Whether a first sign-in may come from there. */
export function mayBootstrap(init: BootstrapInit, from: Origin): boolean {
  if (init.anybody === true || (init.allowLoopback && from.isLoopback)) return true
  const { secretHash } = init
  if (secretHash === undefined || from.bootstrapSecret === undefined) return false
  const expected = fromHex(secretHash)
  const given = fromHex(bootstrapHash(from.bootstrapSecret))
  return expected.length === given.length && timingSafeEqual(expected, given)
}
