/** What a node is made from. */
import type { AnchorFactory } from './anchor/anchor.ts'
import type { Metrics } from './metrics.ts'
import type { Clock, Random } from './primitives/clock.ts'
import type { Logger } from './primitives/logger.ts'

/** Options of {@link createNode}. Only `home` and one anchor are needed. */
export interface NodeInit {
  /** Folder of this node: key, database and blobs. Created when missing. One process at a time. */
  readonly home: string
  /** Authorities over membership, one per protocol. @default none: contexts can be neither created nor joined */
  readonly anchors?: readonly AnchorFactory[]
  readonly network?: NetworkInit
  /** Folder of the database. @default `<home>/data` */
  readonly dataFolder?: string
  /** Folder of the blobs. @default `<home>/blobs` */
  readonly blobFolder?: string
  readonly install?: {
    /** Let applications be installed from URLs on private, loopback and link-local hosts. @default false */
    readonly allowPrivateHosts?: boolean
    /** Take signed bundles whose manifests have no hash of their modules, as if nobody had signed them. @default false */
    readonly allowUnhashedBundles?: boolean
  }
  readonly runtime?: {
    /** Worker threads for guests. @default max(2, min(4, cores)) */
    readonly workers?: number
    /** Fuel of one call in instrumented units. @default FUEL_PER_CALL */
    readonly fuel?: bigint
    /** Wall clock after which a guest's worker is terminated, ms. @default 5000 */
    readonly deadlineMs?: number
  }
  readonly logger?: Logger
  readonly metrics?: Metrics
  readonly clock?: Clock
  readonly random?: Random
}

export interface NetworkInit {
  /** Multiaddrs to listen on. @default ['/ip4/0.0.0.0/tcp/2428'] */
  readonly listen?: readonly string[]
  /** Multiaddrs with peer id to dial at start. @default [] */
  readonly bootstrap?: readonly string[]
  /** Announce and find peers on the local network. @default false */
  readonly mdns?: boolean
  /** Take part in the Kademlia DHT. @default false */
  readonly dht?: boolean
}
