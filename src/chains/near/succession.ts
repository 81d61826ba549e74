/** The contracts of NEAR that take over from each other. */
import { EMPTY, fromUtf8, utf8 } from '../../node/primitives/bytes.ts'
import { isMerogateError } from '../../node/errors.ts'
import type { Endpoint, Endpoints } from '../shared/endpoints.ts'
import { Succession } from '../shared/succession.ts'
import { ACCOUNT_ID } from './constants.ts'
import { checkContract } from './contracts/contract-check.ts'
import { askView } from './contracts/views.ts'

/** The account that bytes name; undefined where they name none. */
export function accountIn(bytes: Uint8Array): string | undefined {
  try {
    const account = fromUtf8(bytes)
    return ACCOUNT_ID.test(account) ? account : undefined
  } catch (error) {
    if (!isMerogateError(error)) throw error
    return undefined
  }
}

/** Contracts of one network. */
export function successionAt({
  rpc,
  chainId,
}: {
  readonly rpc: Endpoints
  readonly chainId: string
}): Succession {
  const readPredecessor = async (
    endpoint: Endpoint,
    address: string,
  ): Promise<string | undefined> => {
    await checkContract(endpoint, { contract: 'contexts', address, chainId })
    const target = { contract: 'contexts', address } as const
    const { predecessor } = await askView(endpoint, target, 'info', EMPTY)
    return predecessor && accountIn(predecessor)
  }
  return new Succession({
    chain: 'near',
    toAddress: accountIn,
    parse: (text) => (ACCOUNT_ID.test(text) ? { address: text, bytes: utf8(text) } : undefined),
    readPredecessor: (address, signal) =>
      rpc.run((endpoint) => readPredecessor(endpoint, address), signal),
  })
}
