/** The canisters that take over from each other. */
import type { Endpoints } from '../shared/endpoints.ts'
import { Succession } from '../shared/succession.ts'
import { checkCanister } from './contracts/contract-check.ts'
import { principalBytes, principalText } from './principal.ts'
import { targetOf } from './target.ts'

/** Bytes of a principal. */
const MAX_PRINCIPAL_BYTES = 29

/** Canisters of one network. What each takes over from is proven. */
export function successionAt({
  rpc,
  network,
}: {
  readonly rpc: Endpoints
  readonly network: string
}): Succession {
  const toAddress = (bytes: Uint8Array): string | undefined =>
    bytes.length <= MAX_PRINCIPAL_BYTES ? principalText(bytes) : undefined
  return new Succession({
    chain: 'icp',
    toAddress,
    parse(text) {
      const bytes = principalBytes(text)
      return bytes && { address: text, bytes }
    },
    async readPredecessor(address, signal) {
      const expected = { ...targetOf('contexts', address), network }
      const ask = (endpoint: Parameters<typeof checkCanister>[0]) =>
        checkCanister(endpoint, expected)
      const { predecessor } = await rpc.run(ask, signal)
      return predecessor && toAddress(predecessor)
    },
  })
}
