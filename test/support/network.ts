/** Real networks on loopback for tests. */
import { noMetrics } from '../../src/node/metrics.ts'
import type { Libp2pNetworkInit } from '../../src/node/network/libp2p.ts'
import { libp2pNetwork } from '../../src/node/network/libp2p.ts'
import type { Network } from '../../src/node/network/network.ts'
import { systemClock, systemRandom } from '../../src/node/primitives/clock.ts'
import { silentLogger } from '../../src/node/primitives/logger.ts'

/** A network that listens on a free port of 127.0.0.1; not started. */
export function loopbackNetwork(init: Partial<Libp2pNetworkInit> = {}): Network {
  return libp2pNetwork({
    privateKey: systemRandom.bytes(32),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    ...init,
  })({
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    metrics: noMetrics,
  })
}

/** Runs with started networks and stops them whatever happens. */
export async function withNetworks(
  count: number,
  run: (...networks: Network[]) => Promise<void>,
  prepare: (network: Network, index: number) => void = () => {},
): Promise<void> {
  const networks = Array.from({ length: count }, () => loopbackNetwork())
  try {
    for (const [index, network] of networks.entries()) {
      prepare(network, index)
      await network.start()
    }
    await run(...networks)
  } finally {
    await Promise.all(networks.map((network) => network.stop()))
  }
}
