/**
 * Brings signed envelopes to a contract: tried out first, so that a refusal costs nothing, then sent, then waited for. An envelope is one
 * transaction however often it is given, and its fate can be asked for by its digest.
 */
import { LRUCache } from 'lru-cache'
import { envelopeDigest } from '../../../node/anchor/envelope.ts'
import type { Refusal } from '../../../node/anchor/errors.ts'
import type { SignedEnvelope, FindOptions, Submission } from '../../../node/anchor/service.ts'
import { isMerogateError, throwIfAborted } from '../../../node/errors.ts'
import { toHex } from '../../../node/primitives/bytes.ts'
import { findApplied } from '../contracts/applied.ts'
import type { ContractName } from '../contracts/artifacts.ts'
import type { Carrier, EnvelopeCall, Refused } from './carrier.ts'
import { isRevert, refusalOf, submitCall } from '../contracts/codec.ts'
import { checkContract } from '../contracts/contract-check.ts'
import { ethereumError } from '../errors.ts'
import type { Heights } from '../rpc/heights.ts'
import { MAX_REMEMBERED_ENVELOPES, MAX_REPLACEMENTS } from '../limits.ts'
import { abortable, type Endpoint, type EthereumRpc } from '../rpc/rpc.ts'
import { estimateGas, type Mined, readReceipt, type Sent } from './sender.ts'

export interface SubmitterInit {
  readonly rpc: EthereumRpc
  readonly contract: ContractName
  readonly address: string
  /** Address of the IdentityRegistry that the contract asks. */
  readonly registry: string
  readonly carrier: Carrier | undefined
  /** Shared with whoever reads. */
  readonly heights: Heights
}

/** How an envelope is to be sent. */
export interface SubmitOptions {
  readonly signal?: AbortSignal | undefined
  /** Most gas its transaction may use. @default what an endpoint estimates, and a margin */
  readonly gas?: bigint | undefined
  /** Told when a transaction was signed for it: from now on it may cost something. */
  readonly onSigned?: (() => void) | undefined
}

/** What is known of an envelope that was sent. */
interface Remembered {
  readonly envelope: Uint8Array
  /** Hashes of the transactions that were signed for it. */
  readonly hashes: Set<string>
  /** Whether somebody was told that it was accepted: who sends it again wants it refused. */
  isTold: boolean
}

/** An envelope on its way, and how many wait for it: it ends with the last of them. */
interface Running {
  readonly submission: Promise<Submission>
  readonly abort: AbortController
  waiting: number
}

export class Submitter {
  readonly #init: SubmitterInit
  readonly #remembered = new LRUCache<string, Remembered>({ max: MAX_REMEMBERED_ENVELOPES })
  readonly #running = new Map<string, Running>()
  #isChecked = false

  constructor(init: SubmitterInit) {
    this.#init = init
  }

  /** See `EnvelopeService.submit`. Resolves when the envelope lies in a block; `final` of the submission waits for more. */
  async submit(signed: SignedEnvelope, options: SubmitOptions = {}): Promise<Submission> {
    throwIfAborted(options.signal)
    const digest = toHex(envelopeDigest(signed.envelope))
    const running = this.#running.get(digest) ?? this.#begin(digest, signed, options)
    running.waiting++
    try {
      return await abortable(running.submission, options.signal)
    } finally {
      running.waiting--
      if (running.waiting === 0) this.#end(digest, running)
    }
  }

  /** Block of the transaction that applied an envelope; undefined when none did, as far as is known. `envelope`: where this process may not know it. */
  async find(
    digest: string,
    { signal, envelope: given }: FindOptions = {},
  ): Promise<bigint | undefined> {
    const { hashes = [], envelope = given } = this.#remembered.get(digest) ?? {}
    for (const hash of hashes) {
      // any endpoint may be the one that has it
      const found = await this.#init.rpc.search(async (endpoint) => {
        const receipt = await readReceipt(endpoint, hash)
        return receipt?.succeeded === true ? receipt : undefined
      }, signal)
      if (found !== undefined) return BigInt(found.block)
    }
    if (envelope === undefined) return undefined
    // somebody else carried it, or this node did before it was started anew
    const found = await this.findApplied(envelope, signal)
    return found === undefined ? undefined : BigInt(found.block)
  }

  /** See `findApplied`: also what was sent by others, or before this process began. */
  async findApplied(
    envelope: Uint8Array,
    signal?: AbortSignal,
    blocks?: number,
  ): Promise<Mined | undefined> {
    return this.#init.rpc.search((at) => findApplied(at, this.#init, envelope, blocks), signal)
  }

  /** Tries an envelope out as an account would send it: the gas that it may need, or what the contract would say now. */
  async estimate(
    signed: SignedEnvelope,
    from: string,
    signal?: AbortSignal,
  ): Promise<{ readonly gas: bigint } | Refused> {
    await this.#check(signal)
    try {
      return { gas: await estimateGas(this.#init.rpc, from, this.#callOf(signed), signal) }
    } catch (error) {
      return { refusal: this.#refusalOf(error) }
    }
  }

  #begin(digest: string, signed: SignedEnvelope, options: SubmitOptions): Running {
    const abort = new AbortController()
    const submission = this.#submit(digest, signed, { ...options, signal: abort.signal })
    const running = { submission, abort, waiting: 0 }
    this.#running.set(digest, running)
    return running
  }

  /** Nobody waits any more. */
  #end(digest: string, running: Running): void {
    running.abort.abort()
    if (this.#running.get(digest) === running) this.#running.delete(digest)
  }

  async #submit(
    digest: string,
    signed: SignedEnvelope,
    options: SubmitOptions & { readonly signal: AbortSignal },
  ): Promise<Submission> {
    const { envelope } = signed
    const remembered = this.#remembered.get(digest) ?? {
      envelope,
      hashes: new Set<string>(),
      isTold: false,
    }
    this.#remembered.set(digest, remembered)
    await this.#check(options.signal)
    for (let attempt = 1; ; attempt++) {
      try {
        const submission = await this.#attempt(signed, remembered, options)
        if (!submission.accepted) return await this.#judged(digest, submission, options.signal)
        remembered.isTold = true
        return submission
      } catch (error) {
        // its nonce went to something else, and nothing was done: it may go again
        const isLast = attempt >= MAX_REPLACEMENTS
        if (isLast || !isMerogateError(error, 'ETHEREUM_REPLACED')) throw error
      }
    }
  }

  /** A refusal may be the echo of our own success, of which we heard nothing. */
  async #judged(digest: string, refused: Submission, signal: AbortSignal): Promise<Submission> {
    const remembered = this.#remembered.get(digest)
    if (remembered === undefined || remembered.isTold) return refused
    for (const hash of remembered.hashes) {
      const mined = await this.#init.rpc.search((endpoint) => readReceipt(endpoint, hash), signal)
      if (mined?.succeeded !== true) continue
      remembered.isTold = true
      return { accepted: true, transaction: mined.transaction, height: BigInt(mined.block) }
    }
    return refused
  }

  async #attempt(
    signed: SignedEnvelope,
    remembered: Remembered,
    { signal, gas, onSigned }: SubmitOptions & { readonly signal: AbortSignal },
  ): Promise<Submission> {
    const { carrier } = this.#init
    const call: EnvelopeCall = { ...this.#callOf(signed), gas }
    const refused = await this.#simulate(call, signal)
    if (refused !== undefined) return { accepted: false, refusal: refused }
    if (carrier === undefined) {
      throw ethereumError(
        'CHAIN_READ_ONLY',
        'this node has no account on the chain and no relayer: set key_file, key_env or relayer_url of its anchor',
      )
    }
    const remember = (hash: string): void => {
      remembered.hashes.add(hash)
      onSigned?.()
    }
    let sent: Sent | Refused
    try {
      sent = await carrier.send(call, remember, signal)
    } catch (error) {
      return { accepted: false, refusal: this.#refusalOf(error) }
    }
    if ('refusal' in sent) return { accepted: false, refusal: sent.refusal }
    return this.#outcome(call, sent, remembered, signal)
  }

  #callOf(signed: SignedEnvelope): EnvelopeCall {
    const { contract, address: to } = this.#init
    return { to, data: submitCall(contract, signed), signed }
  }

  async #outcome(
    call: EnvelopeCall,
    sent: Sent,
    remembered: Remembered,
    signal: AbortSignal,
  ): Promise<Submission> {
    const submission = await this.#toSubmission(call, sent, signal)
    if (!submission.accepted) return submission
    return {
      ...submission,
      final: async (options = {}) => {
        try {
          return await this.#toSubmission(call, await sent.final(options.signal), options.signal)
        } catch (error) {
          if (!isMerogateError(error, 'ETHEREUM_REPLACED')) throw error
          // the chain reorganised, and something else has its nonce now
          remembered.isTold = false
          const again = await this.submit(call.signed, options)
          return again.accepted && again.final !== undefined ? again.final(options) : again
        }
      },
    }
  }

  async #toSubmission(
    call: EnvelopeCall,
    mined: Mined,
    signal: AbortSignal | undefined,
  ): Promise<Submission> {
    if (mined.succeeded) {
      return { accepted: true, transaction: mined.transaction, height: BigInt(mined.block) }
    }
    // it was fine when it was tried out: something else came first. What now stands in its way is the reason
    const refusal = await this.#simulate(call, signal)
    if (refusal !== undefined) return { accepted: false, refusal }
    throw ethereumError(
      'CHAIN_REVERTED',
      `the transaction ${mined.transaction} failed and changed nothing; it may be tried again`,
      { transaction: mined.transaction },
    )
  }

  /**
   * Whether it is our contract that lies there. A call to an address without one succeeds and does nothing, and so does many a call to
   * another: neither must ever be sent.
   */
  async #check(signal?: AbortSignal): Promise<void> {
    if (this.#isChecked) return
    const { contract, address, registry, rpc } = this.#init
    await rpc.run(async (endpoint) => {
      await checkContract(endpoint, { contract: 'IdentityRegistry', address: registry })
      await checkContract(endpoint, { contract, address, registry })
    }, signal)
    this.#isChecked = true
  }

  /** What the contract would say now; undefined when it would accept. */
  async #simulate({ to, data }: EnvelopeCall, signal?: AbortSignal): Promise<Refusal | undefined> {
    const { carrier, heights } = this.#init
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
