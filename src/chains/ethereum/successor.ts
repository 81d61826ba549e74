/** The contracts that groups move to: whether they are such that this release knows, and take over from each other. */
import { getAddress, ZeroAddress } from 'ethers'
import { MAX_MOVES } from '../../node/anchor/limits.ts'
import { isMerogateError } from '../../node/errors.ts'
import { hex } from './contracts/codec.ts'
import { checkContract, readPredecessor } from './contracts/contract-check.ts'
import { ethereumError } from './errors.ts'
import type { Endpoints } from '../shared/endpoints.ts'

/** What a move goes from and to. */
export interface Move {
  readonly rpc: Endpoints
  readonly registry: string
  readonly predecessor: string
  /** 20 bytes. */
  readonly contract: Uint8Array
}

/**
 * The address of a contract that groups moved to, when it is ours, asks the same registry and takes over from the one that the groups leave.
 * @throws CHAIN_SUCCESSOR (chain), ANCHOR_UNREACHABLE (transport)
 */
export async function successorAt(move: Move, signal?: AbortSignal): Promise<string> {
  const { rpc, contract: bytes, ...told } = move
  const address = getAddress(hex(bytes))
  const expected = { contract: 'ContextAnchor', address, ...told } as const
  try {
    await rpc.run((endpoint) => checkContract(endpoint, expected), signal)
  } catch (cause) {
    if (!isMerogateError(cause, 'CHAIN_NO_CONTRACT')) throw cause
    throw ethereumError(
      'CHAIN_SUCCESSOR',
      `expected a contract at ${address}, where this group moved, that this release knows and that takes over from ${move.predecessor}: upgrade this node`,
      { address, predecessor: move.predecessor },
      { cause },
    )
  }
  return address
}

/**
 * The contracts that one takes over from, be it through others, the last one first; of those that this release knows.
 * @throws ANCHOR_UNREACHABLE (transport)
 */
export async function predecessorsOf(
  { rpc, registry }: Pick<Move, 'rpc' | 'registry'>,
  contract: string,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const found: string[] = []
  for (let address = contract; found.length < MAX_MOVES;) {
    const expected = { contract: 'ContextAnchor', address, registry } as const
    try {
      address = await rpc.run((endpoint) => readPredecessor(endpoint, expected), signal)
    } catch (error) {
      if (isMerogateError(error, 'CHAIN_NO_CONTRACT')) break
      throw error
    }
    if (address === ZeroAddress) break
    found.push(address)
  }
  return found
}
