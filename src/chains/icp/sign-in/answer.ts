/** `provider_data` of the Internet Computer: shapes and sizes, before anything is decoded. */
import { MAX_SIGN_IN_TEXT_CHARS } from '../../shared/limits.ts'
import { refused } from '../../../auth/errors.ts'
import { fromHex } from '../../../node/primitives/bytes.ts'
import { MAX_CHAIN_LINKS, MAX_KEY_BYTES, MAX_LINK_SIGNATURE_BYTES } from '../limits.ts'
import type { Chain, Link } from './chain.ts'

export interface IcpAnswer {
  readonly message: string
  readonly signature: Uint8Array
  /** DER. */
  readonly sessionKey: Uint8Array
  /** Undefined where the principal's own key signs. */
  readonly chain: Chain | undefined
}

/** Bytes of a session key's signature. */
const SIGNATURE_BYTES = 64

/** @throws AUTH_REFUSED */
export function readAnswer(data: unknown): IcpAnswer {
  const { message, signature, session_key, delegation_chain } = recordOf(data, 'provider_data')
  if (typeof message !== 'string') throw refused('the message is no text')
  if (message.length > MAX_SIGN_IN_TEXT_CHARS) throw refused('the message is too long')
  return {
    message,
    signature: hexOf(signature, SIGNATURE_BYTES, 'the signature'),
    sessionKey: hexOf(session_key, MAX_KEY_BYTES, 'the session key'),
    chain: isAbsent(delegation_chain) ? undefined : readChain(delegation_chain),
  }
}

function readChain(value: unknown): Chain {
  const { publicKey, delegations } = recordOf(value, 'the delegation chain')
  if (!Array.isArray(delegations)) throw refused('the delegations are no list')
  if (delegations.length > MAX_CHAIN_LINKS) {
    throw refused(`a chain of ${delegations.length} links`)
  }
  const [first, ...others] = (delegations as readonly unknown[]).map(readLink)
  if (first === undefined) throw refused('a chain without links')
  return {
    publicKey: hexOf(publicKey, MAX_KEY_BYTES, 'the public key of the chain'),
    links: [first, ...others],
  }
}

function readLink(value: unknown, at: number): Link {
  const { delegation, signature } = recordOf(value, `link ${at}`)
  const { pubkey, expiration, targets } = recordOf(delegation, `the delegation of link ${at}`)
  // such a link is lent for calls of some canisters, and a node is none
  if (!isAbsent(targets)) throw refused(`link ${at} is for some canisters only`)
  if (typeof expiration !== 'string' || !/^[0-9a-fA-F]{1,16}$/.test(expiration)) {
    throw refused(`the expiration of link ${at} is no number`)
  }
  return {
    pubkey: hexOf(pubkey, MAX_KEY_BYTES, `the key of link ${at}`),
    expiration: BigInt(`0x${expiration}`),
    signature: hexOf(signature, MAX_LINK_SIGNATURE_BYTES, `the signature of link ${at}`),
  }
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null
}

function recordOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown> // each part is checked
  throw refused(`${what} is no object`)
}

function hexOf(value: unknown, maxBytes: number, what: string): Uint8Array {
  if (typeof value !== 'string') throw refused(`${what} is no text`)
  if (value.length > maxBytes * 2) throw refused(`${what} is too long`)
  if (!/^(?:[0-9a-fA-F]{2})+$/.test(value)) throw refused(`${what} is not hexadecimal`)
  return fromHex(value)
}
