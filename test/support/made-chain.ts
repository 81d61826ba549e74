/** A chain of numbered blocks behind endpoints, for tests of what adapters share: each endpoint is as far as it is told. */
import { Endpoints, type EndpointClient } from '../../src/chains/shared/endpoints.ts'
import { Heights, type HeightSource } from '../../src/chains/shared/heights.ts'
import { unreachable } from '../../src/node/anchor/errors.ts'
import type { Clock } from '../../src/node/primitives/clock.ts'
import { silentLogger } from '../../src/node/primitives/logger.ts'

/** How far one endpoint is. */
export interface Place {
  head: number
  final: number
  /** Of its newest block, Unix seconds. */
  seconds: number
  isSilent?: boolean
}

const SOURCE: HeightSource = {
  chain: 'made',
  readHead: async (endpoint) => BigInt(Number(await endpoint.send('head', []))),
  readFinal: async (endpoint) => blockOf(BigInt(Number(await endpoint.send('final', [])))),
  readBlock: async (_endpoint, number) => blockOf(number),
  readHeadTime: async (endpoint) => BigInt(Number(await endpoint.send('seconds', []))),
}

function blockOf(number: bigint): { number: bigint; hash: string } {
  return { number, hash: `hash of ${number}` }
}

export interface MadeChain {
  readonly places: readonly Place[]
  readonly rpc: Endpoints
  readonly heights: Heights
}

/** Endpoints that stand where their places say; all know what is asked beside. */
export function madeChain(clock: Clock, ...places: readonly Place[]): MadeChain {
  const clients = places.map((place, index): EndpointClient => {
    return {
      name: `endpoint ${index}`,
      async send(method) {
        if (place.isSilent === true) throw unreachable(`endpoint ${index}`)
        if (method === 'head') return place.head
        return method === 'final' ? place.final : place.seconds
      },
      close() {},
    }
  })
  const rpc = new Endpoints({
    ...{ chain: 'made', network: 'made', clock, logger: silentLogger, clients },
    readNetwork: async () => 'made',
    blame: () => 'endpoint',
  })
  return { places, rpc, heights: new Heights(rpc, SOURCE, clock) }
}
