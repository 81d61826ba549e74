/** The contracts of Ethereum that take over from each other. */
import { getAddress, isAddress, ZeroAddress } from 'ethers'
import { fromHex } from '../../node/primitives/bytes.ts'
import type { Endpoints } from '../shared/endpoints.ts'
import { Succession } from '../shared/succession.ts'
import { hex } from './contracts/codec.ts'
import { readPredecessor } from './contracts/contract-check.ts'

/** Contracts that ask one identity registry. */
export function successionAt({
  rpc,
  registry,
}: {
  readonly rpc: Endpoints
  readonly registry: string
}): Succession {
  return new Succession({
    chain: 'ethereum',
    toAddress: (bytes) => (bytes.length === 20 ? getAddress(hex(bytes)) : undefined),
    parse(text) {
      if (!isAddress(text)) return undefined
      const address = getAddress(text)
      return { address, bytes: fromHex(address.slice(2).toLowerCase()) }
    },
    async readPredecessor(address, signal) {
      const expected = { contract: 'ContextAnchor', address, registry } as const
      const before = await rpc.run((endpoint) => readPredecessor(endpoint, expected), signal)
      return before === ZeroAddress ? undefined : before
    },
  })
}
