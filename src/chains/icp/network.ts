/** Networks of the Internet Computer: each is known by its root key, and has a name that follows from it. */
import { fromHex, toHex } from '../../node/primitives/bytes.ts'
import { sha256 } from '../../node/primitives/hash.ts'
import { IC_ROOT_KEY } from './constants.ts'

/** The main network. */
export const MAIN_NETWORK = 'ic'

/** Names of networks, as {@link networkOf} gives them. */
export const NETWORK: RegExp = /^(?:ic|icp-[0-9a-f]{16})$/

/** The name of a network by its root key, DER: what is signed for it names it so. */
export function networkOf(rootKey: Uint8Array): string {
  const isMain = toHex(rootKey) === IC_ROOT_KEY
  return isMain ? MAIN_NETWORK : `icp-${toHex(sha256(rootKey)).slice(0, 16)}`
}

/** The root key of a deployment's network, DER: built in for the main network, otherwise the file's. */
export function rootKeyOf({ rootKey }: { readonly rootKey?: string | undefined }): Uint8Array {
  return fromHex(rootKey ?? IC_ROOT_KEY)
}
