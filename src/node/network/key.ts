/** The key of a node on the network, and the peer id that follows from it. */
import type { PrivateKey } from '@libp2p/interface'
import { privateKeyFromProtobuf, privateKeyFromRaw } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { generateSigningKey } from '../crypto/sign.ts'
import { concat } from '../primitives/bytes.ts'
import { networkError } from './errors.ts'
import type { PeerId } from './network.ts'

/** A libp2p key from a 32-byte ed25519 seed or libp2p's protobuf form. @throws NETWORK_KEY_INVALID (input) */
export function networkKey(bytes: Uint8Array): PrivateKey {
  try {
    if (bytes.length !== 32) return privateKeyFromProtobuf(bytes)
    const { publicKey } = generateSigningKey(bytes)
    return privateKeyFromRaw(concat(bytes, publicKey)) // libp2p's raw form: seed, then public key
  } catch (cause) {
    throw networkError(
      'NETWORK_KEY_INVALID',
      `expected an ed25519 seed of 32 bytes or a libp2p private key, got ${bytes.length} other bytes`,
      { length: bytes.length },
      { cause },
    )
  }
}

/** The peer id of a key, as text. */
export function peerIdOf(key: PrivateKey): PeerId {
  return peerIdFromPrivateKey(key).toString()
}
