/** The libp2p node this package runs on: which modules, with which parameters (docs/protocol.md, Transport). */
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { type GossipSub, gossipsub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import type { ComponentLogger, ConnectionGater, Libp2p, PrivateKey } from '@libp2p/interface'
import { kadDHT } from '@libp2p/kad-dht'
import { mdns } from '@libp2p/mdns'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { createLibp2p } from 'libp2p'
import { concat, utf8 } from '../primitives/bytes.ts'
import { sha256 } from '../primitives/hash.ts'
import {
  DIAL_TIMEOUT_MS,
  MAX_CONNECTIONS,
  MAX_GOSSIP_BYTES,
  MAX_STREAM_WINDOW_BYTES,
  MAX_TOPIC_BYTES_PER_PEER,
} from './limits.ts'

/** Protocol id of the Kademlia DHT, when it is on. The same as upstream's, so that public nodes help each other. */
const DHT_PROTOCOL = '/calimero/kad/1.0.0'

/** Bytes of the content hash that names a gossip message. */
const MESSAGE_ID_BYTES = 20

export interface AssembleInit {
  readonly privateKey: PrivateKey
  readonly listen: readonly string[]
  readonly mdns: boolean
  readonly dht: boolean
  readonly logger: ComponentLogger
  /** @default everybody may come */
  readonly gater?: ConnectionGater
}

export type Libp2pNode = Libp2p<{ pubsub: GossipSub }>

/** Builds the node; does not start it. */
export async function assemble(init: AssembleInit): Promise<Libp2pNode> {
  return createLibp2p({
    start: false,
    privateKey: init.privateKey,
    logger: init.logger,
    addresses: { listen: [...init.listen] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ streamOptions: { maxStreamWindowSize: MAX_STREAM_WINDOW_BYTES } })],
    ...(init.gater === undefined ? {} : { connectionGater: init.gater }),
    peerDiscovery: init.mdns ? [mdns()] : [],
    connectionManager: {
      maxConnections: MAX_CONNECTIONS,
      dialTimeout: DIAL_TIMEOUT_MS,
      // libp2p's own defaults refuse a cluster behind one address; what one may open is counted by `Door`
      inboundConnectionThreshold: 100,
      maxIncomingPendingConnections: 128,
    },
    connectionMonitor: { pingInterval: 15_000, pingTimeout: { minTimeout: 10_000 } },
    services: {
      identify: identify(),
      ping: ping(),
      pubsub: gossip(),
      ...(init.dht ? { dht: kadDHT({ protocol: DHT_PROTOCOL }) } : {}),
    },
  })
}

function gossip(): ReturnType<typeof gossipsub> {
  return gossipsub({
    // every message carries its author's own signature: a second one would cost more than the message
    globalSignaturePolicy: 'StrictNoSign',
    // by content, so that one delta published by two members is one message
    msgIdFn: (message) =>
      sha256(concat(utf8(message.topic), message.data)).subarray(0, MESSAGE_ID_BYTES),
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    fallbackToFloodsub: false,
    floodPublish: true,
    emitSelf: false,
    runOnLimitedConnection: true,
    D: 4,
    Dlo: 2,
    Dhi: 8,
    Dout: 1,
    Dlazy: 4,
    heartbeatInterval: 700,
    seenTTL: 60_000,
    pruneBackoff: 2_000,
    // must stay below the prune backoff, or every early GRAFT is punished twice
    graftFloodThreshold: 1_000,
    maxInboundDataLength: MAX_GOSSIP_BYTES + 1024,
    maxTopicBytesPerPeer: MAX_TOPIC_BYTES_PER_PEER,
    // many nodes behind one address are normal, and late GRAFTs happen; only invalid messages count
    scoreParams: { IPColocationFactorWeight: 0, behaviourPenaltyWeight: 0 },
  })
}
