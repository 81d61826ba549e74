/**
 * What a contract says of a signature in its name (EIP-1271). Wallets that are not deployed yet (EIP-6492) would have code of a stranger's choice run
 * to be asked, and are not asked.
 * @see https://eips.ethereum.org/EIPS/eip-1271
 */
import { AbiCoder } from 'ethers'
import { LRUCache } from 'lru-cache'
import { authError } from '../../../auth/errors.ts'
import { badAnswer } from '../../../node/anchor/errors.ts'
import { throwIfAborted } from '../../../node/errors.ts'
import type { Signalled } from '../../../node/interface.ts'
import type { Clock } from '../../../node/primitives/clock.ts'
import { CONTRACT_WORD_MS, MAX_CONTRACT_WORDS, SIGN_IN_LOOKUP_MS } from '../limits.ts'
import type { Endpoint, Endpoints } from '../../shared/endpoints.ts'
import { rpcErrorKind } from '../rpc/rpc-errors.ts'

/** `isValidSignature(bytes32,bytes)`: its selector, which is its answer too. */
const SELECTOR = '0x1626ba7e'
/** The one answer that means yes: the whole word, so that nothing that answers with what it was asked agrees by that (precompile 4). */
const YES = SELECTOR.padEnd(66, '0')

export interface ContractQuestion {
  readonly address: string
  /** Of the text (EIP-191), hexadecimal with 0x. */
  readonly hash: string
  /** Hexadecimal with 0x. */
  readonly signature: string
}

/** Undefined when the contract says yes; otherwise why not, for the log. */
export type ContractVerdict = string | undefined

export class ContractWallets {
  readonly #rpc: Endpoints
  readonly #chainId: number
  readonly #clock: Clock
  /** Until when a yes is good, by the monotonic clock. */
  readonly #words = new LRUCache<string, number>({ max: MAX_CONTRACT_WORDS })

  constructor({ rpc, chainId, clock }: { rpc: Endpoints; chainId: number; clock: Clock }) {
    this.#rpc = rpc
    this.#chainId = chainId
    this.#clock = clock
  }

  /** Asks, unless the contract said yes to the same a moment ago. @throws AUTH_CHAIN_UNAVAILABLE (transport), ABORTED */
  async refusal(question: ContractQuestion, { signal }: Signalled = {}): Promise<ContractVerdict> {
    const key = `${question.address}${question.hash}${question.signature}`.toLowerCase()
    if ((this.#words.get(key) ?? 0) > this.#clock.monotonicMs()) return undefined
    const verdict = await this.#ask(question, signal)
    if (verdict === undefined) this.#words.set(key, this.#clock.monotonicMs() + CONTRACT_WORD_MS)
    return verdict
  }

  async #ask(question: ContractQuestion, signal?: AbortSignal): Promise<ContractVerdict> {
    const deadline = AbortSignal.timeout(SIGN_IN_LOOKUP_MS)
    const ended = signal === undefined ? deadline : AbortSignal.any([signal, deadline])
    try {
      return await this.#rpc.run((endpoint) => ask(endpoint, question), ended)
    } catch (cause) {
      throwIfAborted(signal)
      if (rpcErrorKind(cause) === 'revert') return 'the contract reverts'
      const chainId = this.#chainId
      const text = `chain ${chainId} cannot be asked for a contract's word`
      throw authError('AUTH_CHAIN_UNAVAILABLE', text, { chainId }, { cause })
    }
  }
}

async function ask(endpoint: Endpoint, question: ContractQuestion): Promise<ContractVerdict> {
  const { address, hash, signature } = question
  const code = await hexOf(endpoint, 'eth_getCode', [address, 'latest'])
  if (code === '0x') return 'no contract lies at the address'
  const args = AbiCoder.defaultAbiCoder().encode(['bytes32', 'bytes'], [hash, signature])
  const call = { to: address, data: SELECTOR + args.slice(2) }
  const answer = await hexOf(endpoint, 'eth_call', [call, 'latest'])
  return answer === YES ? undefined : 'the contract does not stand by the signature'
}

async function hexOf(
  endpoint: Endpoint,
  method: string,
  params: readonly unknown[],
): Promise<string> {
  const answer = await endpoint.send(method, params)
  if (typeof answer === 'string' && /^0x(?:[0-9a-f]{2})*$/i.test(answer)) {
    return answer.toLowerCase()
  }
  throw badAnswer(endpoint.name, `something that is no answer to ${method}`)
}
