/** Envelopes to one of our canisters, tried out by a query and sent in calls, by anybody: whoever calls pays nothing. */
import {
  anchorError,
  badAnswer,
  type Refusal,
  refusal,
  refusalNumbered,
  rejected,
  unreachable,
} from '../../../node/anchor/errors.ts'
import type { SignedEnvelope } from '../../../node/anchor/service.ts'
import { fromHex, toHex } from '../../../node/primitives/bytes.ts'
import type { Delivery, Mined, Refused, SendOptions, Sent } from '../../shared/delivery.ts'
import type { Heights } from '../../shared/heights.ts'
import type { Moved } from '../../shared/relayer-carrier.ts'
import { findApplied } from '../contracts/applied.ts'
import { type CandidValue, decodeAnswer, encodeArguments, fieldOf } from '../contracts/candid.ts'
import { checkCanister, type ExpectedCanister } from '../contracts/contract-check.ts'
import { MAX_CALLS } from '../limits.ts'
import { ask } from '../rpc/asked.ts'
import { callCanister, type CallEnd, type CallsInit } from '../rpc/calls.ts'
import { stoppedError } from '../rpc/rejection.ts'

export interface DeliveryInit extends CallsInit, ExpectedCanister {
  /** Shared with whoever reads. */
  readonly heights: Heights
}

/** Refusals that may be none tomorrow: nothing is wrong with what was asked for. */
const BUSY: ReadonlySet<string> = new Set(['DailyLimit', 'CyclesLow'])

/** A call that ended, and the name of its request. */
interface EndedCall {
  readonly end: CallEnd
  readonly transaction: string
}

const [NUMBER, EXPECTED, OK] = [fieldOf('number'), fieldOf('expected'), fieldOf('Ok')]

export class IcpDelivery implements Delivery {
  readonly chain = 'icp'
  readonly #init: DeliveryInit

  constructor(init: DeliveryInit) {
    this.#init = init
  }

  async check(signal?: AbortSignal): Promise<void> {
    await this.#init.rpc.run((endpoint) => checkCanister(endpoint, this.#init), signal)
  }

  /** A query says what would be refused; that it is, only a call proves: whoever answers queries may be behind, or lie. */
  async tryOut(signed: SignedEnvelope, signal?: AbortSignal): Promise<Refusal | undefined> {
    const { rpc, canister } = this.#init
    const question = { canister, method: 'check', arg: argumentOf(signed) }
    const isFine = await rpc.run(async (endpoint) => {
      const reply = await ask(endpoint, 'query', question)
      return this.#refusalIn(reply, endpoint.name) === undefined
    }, signal)
    if (isFine) return undefined
    for (let attempt = 1; attempt <= MAX_CALLS; attempt++) {
      const end = await callCanister(this.#init, question, { signal })
      if (end.state === 'replied') return this.#saw(end, this.#refusalIn(end.reply, this.#where))
    }
    throw unreachable(this.#where)
  }

  async send(signed: SignedEnvelope, options: SendOptions): Promise<Sent | Refused> {
    const ended = await this.#call('apply', argumentOf(signed), options)
    const mined = await this.#minedBy(ended, signed, options.signal)
    if (mined === undefined) throw unreachable(this.#where)
    return 'refusal' in mined ? mined : { ...mined, final: async () => mined }
  }

  /** Takes over what moved to the canister, or the next members of it. @throws ANCHOR_REJECTED (chain) when it refuses, ANCHOR_BUSY (limit) */
  async adopt(moved: Moved, members: number, signal?: AbortSignal): Promise<Sent> {
    const [method, arg] =
      'group' in moved
        ? (['adopt_group', encodeArguments({ blob: moved.group }, { nat32: members })] as const)
        : (['adopt_context', encodeArguments({ blob: moved.context })] as const)
    const { end, transaction } = await this.#call(method, arg, { signal })
    if (!('time' in end)) throw unreachable(this.#where)
    const mined = this.#outcome(transaction, end)
    if ('refusal' in mined) throw rejected(mined.refusal, 'taking over what moved')
    return { ...mined, final: async () => mined }
  }

  /** Calls the canister, anew when a call expired: it did nothing, and never will. */
  async #call(
    method: string,
    arg: Uint8Array,
    { signal, onSigned }: SendOptions,
  ): Promise<EndedCall> {
    const question = { canister: this.#init.canister, method, arg }
    let transaction = ''
    const onPrepared = ({ requestId }: { readonly requestId: Uint8Array }): void => {
      transaction = toHex(requestId)
      onSigned?.(transaction)
    }
    for (let attempt = 1; attempt <= MAX_CALLS; attempt++) {
      const end = await callCanister(this.#init, question, { signal, onPrepared })
      if (end.state !== 'expired') return { end, transaction }
    }
    throw unreachable(this.#where)
  }

  /** Where it was applied; undefined when nobody knows. */
  async #minedBy(
    { end, transaction }: EndedCall,
    { envelope }: SignedEnvelope,
    signal: AbortSignal | undefined,
  ): Promise<Mined | Refused | undefined> {
    return 'time' in end ? this.#outcome(transaction, end) : this.find(envelope, signal)
  }

  #outcome(transaction: string, end: Extract<CallEnd, { readonly time: bigint }>): Mined | Refused {
    if (end.state === 'rejected') {
      const stopped = stoppedError(end.errorCode, { address: this.#where })
      if (stopped !== undefined) throw stopped
      const failure = `${end.code} ${end.errorCode ?? ''}: ${end.message}`
      return this.#saw(end, { transaction, block: end.time, succeeded: false, failure })
    }
    const refused = this.#refusalIn(end.reply, this.#where)
    const mined = { transaction, block: end.time, succeeded: true }
    return this.#saw(end, refused === undefined ? mined : { refusal: refused })
  }

  async look(transaction: string, signal?: AbortSignal): Promise<Mined | undefined> {
    const { rpc, canister: effective } = this.#init
    const call = { effective, requestId: fromHex(transaction) }
    return rpc.search(async (endpoint) => {
      const seen = await ask(endpoint, 'look', call)
      if (seen.state !== 'replied') return undefined
      const succeeded = this.#refusalIn(seen.reply, endpoint.name) === undefined
      return { transaction, block: seen.time, succeeded }
    }, signal)
  }

  /** An endpoint that lags has not seen what there is: only one that is as far as any was counts. */
  async find(envelope: Uint8Array, signal?: AbortSignal): Promise<Mined | undefined> {
    return this.#init.heights.run(
      'final',
      async (endpoint, _height, { told }) => {
        const { mined, time } = await findApplied(endpoint, this.#init, envelope)
        told?.(time)
        return mined
      },
      signal,
    )
  }

  get #where(): string {
    return this.#init.address
  }

  /** Whoever is asked from now on must have seen it. */
  #saw<T>({ time }: { readonly time: bigint }, value: T): T {
    this.#init.heights.saw(time)
    return value
  }

  /** The refusal in an answer of `check` or `apply`. @throws ANCHOR_BUSY (limit), ANCHOR_BAD_ANSWER (protocol) */
  #refusalIn(reply: Uint8Array, where: string): Refusal | undefined {
    const found = refusalOf(reply, where)
    if (found === undefined || !BUSY.has(found.name)) return found
    const message = `the canister ${this.#where} makes nothing new for now (${found.name}): try again later`
    throw anchorError('ANCHOR_BUSY', message, { address: this.#where, reason: found.name })
  }
}

function argumentOf({ envelope, signature }: SignedEnvelope): Uint8Array {
  return encodeArguments({ blob: envelope }, { blob: signature })
}

function refusalOf(reply: Uint8Array, where: string): Refusal | undefined {
  let answer: CandidValue
  try {
    answer = decodeAnswer(reply)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw badAnswer(where, 'an answer of another shape')
  }
  const refused = refusedIn(answer)
  if (refused === undefined) return undefined
  if (typeof refused === 'object' && 'fields' in refused) {
    const [number, expected] = [refused.fields.get(NUMBER), refused.fields.get(EXPECTED)]
    const found = refusalNumbered(Number(number))
    if (found !== undefined) {
      return typeof expected === 'bigint' ? refusal(found.name, expected) : found
    }
  }
  throw badAnswer(where, 'a refusal that nobody knows')
}

/** What `apply` answers in a variant, `check` by itself; undefined where nothing is refused. */
function refusedIn(answer: CandidValue): CandidValue {
  if (typeof answer !== 'object' || !('tag' in answer)) return answer
  return answer.tag === OK ? undefined : answer.value
}
