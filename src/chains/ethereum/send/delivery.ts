/** Envelopes to one of our contracts, tried out by calls and sent in transactions. */
import type { Refusal } from '../../../node/anchor/errors.ts'
import type { SignedEnvelope } from '../../../node/anchor/service.ts'
import { isMerogateError } from '../../../node/errors.ts'
import type { Delivery, Mined, Refused, SendOptions, Sent } from '../../shared/delivery.ts'
import type { Endpoint, Endpoints } from '../../shared/endpoints.ts'
import type { Heights } from '../../shared/heights.ts'
import { readOnlyError } from '../../shared/submitter.ts'
import { findApplied } from '../contracts/applied.ts'
import type { ContractName } from '../contracts/artifacts.ts'
import { isRevert, refusalOf, submitCall } from '../contracts/codec.ts'
import { checkContract } from '../contracts/contract-check.ts'
import { ethereumError } from '../errors.ts'
import type { Carrier, EnvelopeCall } from './carrier.ts'
import { readReceipt } from './offer.ts'
import { estimateGas } from './sender.ts'

export interface DeliveryInit {
  readonly rpc: Endpoints
  readonly contract: ContractName
  readonly address: string
  /** Address of the IdentityRegistry that the contract asks. */
  readonly registry: string
  readonly carrier: Carrier | undefined
  /** Shared with whoever reads. */
  readonly heights: Heights
}

export class EthereumDelivery implements Delivery {
  readonly chain = 'ethereum'
  readonly #init: DeliveryInit

  constructor(init: DeliveryInit) {
    this.#init = init
  }

  /**
   * Whether it is our contract that lies there. A call to an address without one succeeds and does nothing, and so does many a call to
   * another: neither must ever be sent.
   */
  async check(signal?: AbortSignal): Promise<void> {
    const { contract, address, registry, rpc } = this.#init
    await rpc.run(async (endpoint) => {
      await checkContract(endpoint, { contract: 'IdentityRegistry', address: registry })
      await checkContract(endpoint, { contract, address, registry })
    }, signal)
  }

  async tryOut(signed: SignedEnvelope, signal?: AbortSignal): Promise<Refusal | undefined> {
    const { carrier, heights } = this.#init
    const { to, data } = this.#callOf(signed)
    const from = carrier?.address === undefined ? {} : { from: carrier.address }
    const call = { ...from, to, data }
    try {
      // by an endpoint that knows of what this node sent before
      const ask = (endpoint: Endpoint): Promise<unknown> =>
        endpoint.send('eth_call', [call, 'latest'])
      await heights.run('optimistic', ask, signal)
      return undefined
    } catch (error) {
      return this.#refusalOf(error)
    }
  }

  async send(
    signed: SignedEnvelope,
    { signal, cost: gas, onSigned }: SendOptions,
  ): Promise<Sent | Refused> {
    const { carrier } = this.#init
    if (carrier === undefined) {
      throw readOnlyError('ethereum', 'key_file, key_env or relayer_url')
    }
    try {
      return await carrier.send({ ...this.#callOf(signed), gas }, onSigned, signal)
    } catch (error) {
      return { refusal: this.#refusalOf(error) }
    }
  }

  async look(transaction: string, signal?: AbortSignal): Promise<Mined | undefined> {
    // any endpoint may be the one that has it
    return this.#init.rpc.search((endpoint) => readReceipt(endpoint, transaction), signal)
  }

  async find(
    envelope: Uint8Array,
    signal?: AbortSignal,
    blocks?: number,
  ): Promise<Mined | undefined> {
    return this.#init.rpc.search((at) => findApplied(at, this.#init, envelope, blocks), signal)
  }

  isReplaced(error: unknown): boolean {
    return isMerogateError(error, 'ETHEREUM_REPLACED')
  }

  /** Tries an envelope out as an account would send it: the gas that it may need, or what the contract would say now. */
  async estimate(
    signed: SignedEnvelope,
    from: string,
    signal?: AbortSignal,
  ): Promise<{ readonly cost: bigint } | Refused> {
    try {
      return { cost: await estimateGas(this.#init.rpc, from, this.#callOf(signed), signal) }
    } catch (error) {
      return { refusal: this.#refusalOf(error) }
    }
  }

  #callOf(signed: SignedEnvelope): EnvelopeCall {
    const { contract, address: to } = this.#init
    return { to, data: submitCall(contract, signed), signed }
  }

  /** The contract's refusal in an error. @throws any other error; a revert that is none of the refusals means that another contract answers */
  #refusalOf(error: unknown): Refusal {
    const { contract, address } = this.#init
    const refused = refusalOf(contract, error)
    if (refused !== undefined) return refused
    if (!isRevert(error)) throw error
    throw ethereumError(
      'CHAIN_NO_CONTRACT',
      `expected ${contract} at ${address}, got a contract that answers otherwise`,
      { address },
      { cause: error },
    )
  }
}
