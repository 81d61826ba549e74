/** Peer ids and multiaddrs as text, checked; and what a failure to listen means. */
import type { PeerId as Libp2pPeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { networkError } from './errors.ts'
import { MAX_ADDRESS_LENGTH } from './limits.ts'
import type { PeerId } from './network.ts'

export function parsePeer(peer: PeerId): Libp2pPeerId {
  try {
    return peerIdFromString(peer)
  } catch (cause) {
    throw networkError(
      'NETWORK_ADDRESS_INVALID',
      `expected a libp2p peer id, got ${JSON.stringify(peer.slice(0, 80))}`,
      {},
      { cause },
    )
  }
}

export function parseAddress(address: string): Multiaddr {
  if (address.length > MAX_ADDRESS_LENGTH) {
    throw addressInvalid(address, `it is longer than ${MAX_ADDRESS_LENGTH} characters`)
  }
  try {
    return multiaddr(address)
  } catch (cause) {
    throw addressInvalid(address, 'it does not parse', cause)
  }
}

export function peerOf(address: Multiaddr): PeerId | undefined {
  return address.getComponents().findLast((component) => component.name === 'p2p')?.value
}

export function withPeer(address: string, peer: PeerId): Multiaddr {
  const parsed = parseAddress(address)
  return peerOf(parsed) === undefined ? parsed.encapsulate(`/p2p/${peer}`) : parsed
}

export function addressInvalid(address: string, reason: string, cause?: unknown): Error {
  return networkError(
    'NETWORK_ADDRESS_INVALID',
    `expected multiaddrs such as /ip4/192.0.2.1/tcp/2428/p2p/12D3KooW..., got ${JSON.stringify(address.slice(0, 300))}: ${reason}`,
    {},
    { cause },
  )
}

export function listenError(error: unknown, listen: readonly string[]): Error {
  const message = error instanceof Error ? error.message : String(error)
  const used = /EADDRINUSE: address already in use (\S+)/.exec(message)
  if (used !== null) {
    return networkError(
      'NETWORK_ADDRESS_IN_USE',
      `cannot listen on ${used[1]}: another process has it; stop that one or choose another listen address`,
      { listen, address: used[1] },
      { cause: error },
    )
  }
  return networkError(
    'NETWORK_LISTEN_FAILED',
    `cannot listen on ${listen.join(', ')}; check that the addresses belong to this machine`,
    { listen },
    { cause: error },
  )
}
