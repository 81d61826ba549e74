/** Envelopes to one of our contracts, tried out by simulation, which says what a transaction has to declare, and sent in transactions. */
import { badAnswer, type Refusal } from '../../../node/anchor/errors.ts'
import type { SignedEnvelope } from '../../../node/anchor/service.ts'
import { isMerogateError } from '../../../node/errors.ts'
import { refusalOf } from '../../shared/core/views.ts'
import type { Delivery, Mined, Refused, SendOptions, Sent } from '../../shared/delivery.ts'
import type { Endpoint, Endpoints } from '../../shared/endpoints.ts'
import type { Heights } from '../../shared/heights.ts'
import { MAX_REPLACEMENTS } from '../../shared/limits.ts'
import { readOnlyError } from '../../shared/submitter.ts'
import { findApplied } from '../contracts/applied.ts'
import { checkContract } from '../contracts/contract-check.ts'
import { refusalIn } from '../contracts/refusals.ts'
import { askView, type Target } from '../contracts/views.ts'
import { stellarError } from '../errors.ts'
import { DEFAULT_MAX_FEE } from '../limits.ts'
import { simulate } from '../rpc/simulate.ts'
import { lookForTransaction } from '../rpc/transactions.ts'
import { invoke } from '../xdr/operations.ts'
import { type Prepared, resourceFeeOf } from '../xdr/transactions.ts'
import type { Carrier } from './carrier.ts'

export interface DeliveryInit extends Target {
  readonly rpc: Endpoints
  readonly passphrase: string
  readonly carrier: Carrier | undefined
  /** Shared with whoever reads. */
  readonly heights: Heights
}

/** What simulation says to an envelope. */
type Tried = Refused | { readonly prepared: Prepared }

export class StellarDelivery implements Delivery {
  readonly chain = 'stellar'
  readonly #init: DeliveryInit
  /** What an envelope's transaction has to declare, as it was when it was tried out. */
  readonly #prepared = new WeakMap<SignedEnvelope, Prepared>()

  constructor(init: DeliveryInit) {
    this.#init = init
  }

  async check(signal?: AbortSignal): Promise<void> {
    await this.#init.rpc.run((endpoint) => checkContract(endpoint, this.#init), signal)
  }

  async tryOut(signed: SignedEnvelope, signal?: AbortSignal): Promise<Refusal | undefined> {
    const tried = await this.#try(signed, signal)
    if ('refusal' in tried) return tried.refusal
    this.#prepared.set(signed, tried.prepared)
    return undefined
  }

  /** By an endpoint that knows of what this node sent before. */
  async #try(signed: SignedEnvelope, signal: AbortSignal | undefined): Promise<Tried> {
    const { address, contract, heights } = this.#init
    const call = invoke(address, 'apply', [signed.envelope, signed.signature])
    return heights.run(
      'final',
      async (endpoint, _height, { told }) => {
        const simulated = await simulate(endpoint, call)
        told?.(BigInt(simulated.ledger))
        if ('prepared' in simulated) {
          const { prepared } = simulated
          // the contracts ask for nobody's agreement: whoever says that this account has to agree wants its signature for something else
          if (prepared.resources?.auth.length === 0) return { prepared }
          throw badAnswer(endpoint.name, 'that somebody has to agree to a request')
        }
        const { failed, reason } = simulated
        const refused = failed && refusalIn(failed, contract, signed)
        if (refused !== undefined) return { refusal: await this.#named(endpoint, signed, refused) }
        const message = `the contract of ${contract} at ${address} ends without a refusal: ${reason}`
        throw stellarError('CHAIN_REVERTED', message, { address, reason })
      },
      signal,
    )
  }

  /** A refusal with the nonce that would have been right: an error of a contract has no room for it, an answer has. */
  async #named(endpoint: Endpoint, signed: SignedEnvelope, refused: Refusal): Promise<Refusal> {
    if (refused.name !== 'BadNonce') return refused
    const { envelope, signature } = signed
    const { answer } = await askView(endpoint, this.#init, 'check', envelope, signature)
    return refusalOf(answer) ?? refused
  }

  /** Tries an envelope out: what its transaction may cost, stroops, or what the contract would say now. */
  async estimate(
    signed: SignedEnvelope,
    signal?: AbortSignal,
  ): Promise<{ readonly cost: bigint } | Refused> {
    const tried = await this.#try(signed, signal)
    if ('refusal' in tried) return tried
    this.#prepared.set(signed, tried.prepared)
    const { resources } = tried.prepared
    const resourceFee = resources === undefined ? 0n : resourceFeeOf(resources)
    // what is offered for being taken, by an account that pays around another
    return { cost: resourceFee + 2n * DEFAULT_MAX_FEE }
  }

  async send(signed: SignedEnvelope, options: SendOptions): Promise<Sent | Refused> {
    const { carrier } = this.#init
    if (carrier === undefined) throw readOnlyError('stellar', 'key_file, key_env or relayer_url')
    for (let attempt = 1; ; attempt++) {
      const known = this.#prepared.get(signed)
      this.#prepared.delete(signed)
      const tried = known === undefined ? await this.#try(signed, options.signal) : undefined
      if (tried !== undefined && 'refusal' in tried) return tried
      const prepared = known ?? tried?.prepared
      if (prepared === undefined) throw new TypeError('expected what simulation said')
      const sent = await carrier.send({ signed, prepared }, options)
      if ('refusal' in sent || sent.succeeded || attempt === MAX_REPLACEMENTS) return sent
      // what it touches changed since it was tried out, or lapsed: as things stand now it may be fine
    }
  }

  async look(transaction: string, signal?: AbortSignal): Promise<Mined | undefined> {
    // any endpoint may be the one that has it
    const ask = async (endpoint: Endpoint): Promise<Mined | undefined> =>
      (await lookForTransaction(endpoint, transaction)).seen?.mined
    return this.#init.rpc.search(ask, signal)
  }

  async find(envelope: Uint8Array, signal?: AbortSignal): Promise<Mined | undefined> {
    return this.#init.rpc.search((endpoint) => findApplied(endpoint, this.#init, envelope), signal)
  }

  isReplaced(error: unknown): boolean {
    return isMerogateError(error, 'STELLAR_REPLACED')
  }
}
