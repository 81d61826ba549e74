/** `[swarm]`, `[bootstrap]` and `[discovery]`: how this node and its peers find each other. */
import { z } from 'zod'
import type { OptionGroup } from '../option-group.ts'
import { multiaddrs, peerMultiaddrs } from './addresses.ts'

/** Port for peers. */
export const DEFAULT_SWARM_PORT = 2428

/** Where peers reach this node unless it is told otherwise. */
export const DEFAULT_SWARM_LISTEN: readonly string[] = [`/ip4/0.0.0.0/tcp/${DEFAULT_SWARM_PORT}`]

export interface SwarmUser {
  listen?: string[] | undefined
}

export interface SwarmConfig {
  /** Multiaddrs to listen on for peers. @default DEFAULT_SWARM_LISTEN */
  readonly listen: readonly string[]
}

export const swarm: OptionGroup<SwarmUser, SwarmConfig> = {
  table: 'swarm',
  schema: z.strictObject({ listen: multiaddrs.optional() }),
  options: [{ key: 'listen', kind: 'list', text: 'multiaddrs to listen on for peers' }],
  resolve: (user) => ({ listen: user.listen ?? [...DEFAULT_SWARM_LISTEN] }),
}

export interface BootstrapUser {
  nodes?: string[] | undefined
}

export interface BootstrapConfig {
  /** Multiaddrs with peer id to dial at start. @default [] */
  readonly nodes: readonly string[]
}

export const bootstrap: OptionGroup<BootstrapUser, BootstrapConfig> = {
  table: 'bootstrap',
  schema: z.strictObject({ nodes: peerMultiaddrs.optional() }),
  options: [{ key: 'nodes', kind: 'list', text: 'multiaddrs of peers to dial at start' }],
  resolve: (user) => ({ nodes: user.nodes ?? [] }),
}

export interface DiscoveryUser {
  mdns?: boolean | undefined
  dht?: boolean | undefined
}

export interface DiscoveryConfig {
  /** Announce and find peers on the local network, which tells it that we are here. @default false */
  readonly mdns: boolean
  /** Take part in the Kademlia DHT. @default false */
  readonly dht: boolean
}

export const discovery: OptionGroup<DiscoveryUser, DiscoveryConfig> = {
  table: 'discovery',
  schema: z.strictObject({ mdns: z.boolean().optional(), dht: z.boolean().optional() }),
  options: [
    { key: 'mdns', kind: 'boolean', text: 'announce and find peers on the local network' },
    { key: 'dht', kind: 'boolean', text: 'take part in the Kademlia DHT' },
  ],
  resolve: (user) => ({ mdns: user.mdns ?? false, dht: user.dht ?? false }),
}
