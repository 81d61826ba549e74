/** Envelopes to one of our contracts, tried out by a view and sent in transactions. */
import type { Refusal } from '../../../node/anchor/errors.ts'
import { refusal } from '../../../node/anchor/errors.ts'
import type { SignedEnvelope } from '../../../node/anchor/service.ts'
import { isMerogateError } from '../../../node/errors.ts'
import type { Delivery, Mined, Refused, SendOptions, Sent } from '../../shared/delivery.ts'
import type { Endpoint, Endpoints } from '../../shared/endpoints.ts'
import type { Heights } from '../../shared/heights.ts'
import { readOnlyError } from '../../shared/submitter.ts'
import { GAS_PRICE, MICRO, STORAGE_PRICE } from '../constants.ts'
import { findApplied } from '../contracts/applied.ts'
import { signedArgs } from '../contracts/codec.ts'
import { refusalOf } from '../../shared/core/views.ts'
import { checkContract } from '../contracts/contract-check.ts'
import { readCredit } from '../contracts/credit.ts'
import { askView, type Target } from '../contracts/views.ts'
import { SPARE_BYTES } from '../limits.ts'
import type { Carrier } from './carrier.ts'
import { gasFor } from './gas.ts'
import { readOutcome } from './outcome.ts'

export interface DeliveryInit extends Target {
  readonly rpc: Endpoints
  readonly chainId: string
  readonly carrier: Carrier | undefined
  /** Shared with whoever reads. */
  readonly heights: Heights
}

export class NearDelivery implements Delivery {
  readonly chain = 'near'
  readonly #init: DeliveryInit
  /** Bytes that an envelope was seen to take. */
  readonly #growth = new WeakMap<SignedEnvelope, bigint>()

  constructor(init: DeliveryInit) {
    this.#init = init
  }

  async check(signal?: AbortSignal): Promise<void> {
    await this.#init.rpc.run((endpoint) => checkContract(endpoint, this.#init), signal)
  }

  async tryOut(signed: SignedEnvelope, signal?: AbortSignal): Promise<Refusal | undefined> {
    const { carrier, address } = this.#init
    // by an endpoint that knows of what this node sent before
    const { growth, refused } = await this.#init.heights.run(
      'optimistic',
      (endpoint) => this.#judge(endpoint, signed),
      signal,
    )
    if (refused !== undefined) return refused
    this.#growth.set(signed, growth)
    if (growth <= 0n || carrier?.canDeposit === undefined) return undefined
    if (await carrier.canDeposit(address, signal)) return undefined
    // a key for functions cannot pay for storage: what was paid before has to do
    const { account } = carrier
    const ask = (endpoint: Endpoint): Promise<bigint> =>
      readCredit(endpoint, this.#init, signed.envelope, account)
    const credit = await this.#init.heights.run('optimistic', ask, signal)
    return credit < growth * STORAGE_PRICE ? refusal('InsufficientDeposit') : undefined
  }

  async #judge(
    endpoint: Endpoint,
    signed: SignedEnvelope,
  ): Promise<{ readonly refused?: Refusal | undefined; readonly growth: bigint }> {
    const answer = await askView(endpoint, this.#init, 'check', signedArgs(signed))
    return { refused: refusalOf(answer), growth: answer.growth }
  }

  /** Tries an envelope out: what its transaction may cost, millionths of a NEAR, or what the contract would say now. */
  async estimate(
    signed: SignedEnvelope,
    signal?: AbortSignal,
  ): Promise<{ readonly cost: bigint } | Refused> {
    const refused = await this.tryOut(signed, signal)
    if (refused !== undefined) return { refusal: refused }
    const gas = gasFor(this.#init.contract, signed.envelope)
    return { cost: (gas * GAS_PRICE + this.#depositFor(signed)) / MICRO + 1n }
  }

  async send(signed: SignedEnvelope, options: SendOptions): Promise<Sent | Refused> {
    const { carrier, contract, address } = this.#init
    if (carrier === undefined) throw readOnlyError('near', 'key_file, key_env or relayer_url')
    const gas = gasFor(contract, signed.envelope)
    const needed = this.#depositFor(signed)
    const pays = needed > 0n && (await carrier.canDeposit?.(address, options.signal)) === true
    const { cost } = options
    const most = cost === undefined ? needed : cost * MICRO - gas * GAS_PRICE
    const deposit = pays ? { deposit: needed < most ? needed : most } : {}
    return carrier.send({ signed, receiver: address, gas, ...deposit }, options)
  }

  /** YoctoNEAR for what it was seen to take, and some to spare, which comes back. */
  #depositFor(signed: SignedEnvelope): bigint {
    const growth = this.#growth.get(signed) ?? 0n
    return growth > 0n ? (growth + SPARE_BYTES) * STORAGE_PRICE : 0n
  }

  async look(transaction: string, signal?: AbortSignal): Promise<Mined | undefined> {
    // any endpoint may be the one that has it
    const seen = await this.#init.rpc.search((at) => readOutcome(at, transaction), signal)
    return seen?.state === 'done' ? seen.mined : undefined
  }

  async find(envelope: Uint8Array, signal?: AbortSignal): Promise<Mined | undefined> {
    return this.#init.rpc.search((endpoint) => findApplied(endpoint, this.#init, envelope), signal)
  }

  isReplaced(error: unknown): boolean {
    return isMerogateError(error, 'NEAR_REPLACED')
  }
}
