/** The contract that groups move to: whether it is one that this release knows, and how it takes them over. */
import { getAddress, ZeroAddress } from 'ethers'
import { MAX_MOVES } from '../../node/anchor/limits.ts'
import type { EnvelopeService, ServiceOptions } from '../../node/anchor/service.ts'
import { isMerogateError, type MerogateError, throwIfAborted } from '../../node/errors.ts'
import type { ContextId, GroupId } from '../../node/primitives/ids.ts'
import { abiOf, hex, isRevert } from './contracts/codec.ts'
import { checkContract, readPredecessor } from './contracts/contract-check.ts'
import { ethereumError } from './errors.ts'
import { ADOPT_BATCH } from './limits.ts'
import type { Endpoints } from '../shared/endpoints.ts'
import type { TransactionSender } from './send/sender.ts'

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

/** Takes groups and contexts over, as the account that this node has. */
export class Adopter {
  readonly #service: Pick<EnvelopeService, 'readGroup' | 'readContext'>
  readonly #address: string
  readonly #sender: TransactionSender | undefined

  constructor(
    service: Pick<EnvelopeService, 'readGroup' | 'readContext'>,
    address: string,
    sender: TransactionSender | undefined,
  ) {
    this.#service = service
    this.#address = address
    this.#sender = sender
  }

  /** See `SuccessorService.adoptGroup`. @throws CHAIN_SUCCESSOR (chain) without an account */
  async adoptGroup(group: GroupId, { signal }: ServiceOptions = {}): Promise<void> {
    await this.#until(
      async (finality) => (await this.#service.readGroup(group, { finality, signal })).value,
      abiOf('ContextAnchor').encodeFunctionData('adopt', [hex(group), ADOPT_BATCH]),
      signal,
    )
  }

  /** See `SuccessorService.adoptContext`. @throws CHAIN_SUCCESSOR (chain) without an account */
  async adoptContext(context: ContextId, { signal }: ServiceOptions = {}): Promise<void> {
    await this.#until(
      async (finality) => (await this.#service.readContext(context, { finality, signal })).value,
      abiOf('ContextAnchor').encodeFunctionData('adoptContext', [hex(context)]),
      signal,
    )
  }

  /** Calls until it is there: a group comes some members at a time, and others may call too. */
  async #until(
    read: (finality: 'optimistic' | 'final') => Promise<unknown>,
    data: string,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    while ((await read('optimistic')) === undefined) {
      throwIfAborted(signal)
      if (this.#sender === undefined) throw this.#unpaid()
      try {
        const sent = await this.#sender.send({ to: this.#address, data }, undefined, signal)
        await sent.final(signal)
      } catch (error) {
        // somebody else was faster: then it is there
        if (!isRevert(error) || (await read('optimistic')) === undefined) throw error
      }
    }
  }

  #unpaid(): MerogateError {
    return ethereumError(
      'CHAIN_SUCCESSOR',
      `this group moved to ${this.#address}, and nobody called adopt and adoptContext there yet: any account may, and this node has none`,
      { address: this.#address },
    )
  }
}
