/** {@link Door} over libp2p: what it says is done to connections. */
import type { Connection, ConnectionGater } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Libp2pNode } from './assemble.ts'
import type { Door } from './door.ts'

/** Refuses who may not come, as soon as enough is known of it. */
export function gaterOf(door: Door): ConnectionGater {
  return {
    denyInboundConnection: ({ remoteAddr }) => !door.mayArrive(hostOf(remoteAddr)),
    denyInboundEncryptedConnection: (peer) => door.isShutOut(peer.toString()),
    denyDialPeer: (peer) => door.isShutOut(peer.toString()),
  }
}

/** Closes connections of peers that are not known when there are too many. */
export function watchDoor(node: Libp2pNode, door: Door, isKnown: (peer: string) => boolean): void {
  const close = (connection: Connection | undefined): void => {
    connection?.abort(new RangeError('too many connections of peers that are no members'))
  }
  node.addEventListener('connection:open', ({ detail: connection }) => {
    const peer = connection.remotePeer.toString()
    if (connection.direction === 'outbound' || isKnown(peer)) return
    const leaving = door.came(connection.id, peer, hostOf(connection.remoteAddr))
    if (leaving === undefined) return
    close(node.getConnections().find(({ id }) => id === leaving) ?? connection)
  })
  node.addEventListener('connection:close', ({ detail: { id } }) => door.went(id))
}

/** The IP address that somebody comes from; empty where there is none. */
function hostOf(address: Multiaddr): string {
  const found = address.getComponents().find(({ name }) => name === 'ip4' || name === 'ip6')
  return found?.value ?? ''
}
