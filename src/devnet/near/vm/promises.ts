/** Promises that a call makes: receipts, joined ones, what they wait for, and the gas that is left over for them. */
import { isAccountId } from '../codec/account-id.ts'
import { publicKeyText } from '../codec/keys.ts'
import { transferFees } from '../chain/fees.ts'
import type { Fee } from '../parameters.ts'
import type { Action, CallAction, PublicKey } from '../types.ts'
import type { PromisedReceipt } from './context.ts'
import { FAILURES } from './errors.ts'
import { decodeUtf8, type Machine, unsigned } from './machine.ts'

/** A receipt, or several that one waits for. */
type Promised = number | readonly number[]

export class Promises {
  readonly receipts: PromisedReceipt[] = []
  readonly #machine: Machine
  readonly #promises: Promised[] = []
  readonly #weights: {
    readonly receipt: number
    readonly action: number
    readonly weight: bigint
  }[] = []
  /** The receipt whose result is the call's. */
  returned: number | undefined

  constructor(machine: Machine) {
    this.#machine = machine
  }

  /** A receipt that waits for another promise, or for none. */
  create(receiverId: string, after?: bigint): bigint {
    const before = after === undefined ? [] : [this.#at(after)].flat()
    const { fees } = this.#machine.parameters
    this.#machine.payAction(fees.receipt, receiverId === this.#machine.context.accountId)
    const inputs = before.map((dependency) => {
      const { outputs } = this.#receipt(dependency)
      this.#machine.burn(fees.data.self + fees.data.execution)
      const dataId = this.#machine.state.newDataId()
      outputs.push({ dataId, receiverId })
      return dataId
    })
    this.receipts.push({ receiverId, actions: [], inputs, outputs: [] })
    return this.#push(this.receipts.length - 1)
  }

  /** Several promises as one. */
  join(indexes: readonly bigint[]): bigint {
    const receipts = indexes.flatMap((index) => this.#at(index))
    const { inputs } = this.#machine.parameters.limits
    if (receipts.length > inputs) throw FAILURES.inputs(receipts.length, inputs)
    return this.#push(receipts)
  }

  /** Adds an action, and pays for it; `fees` with how often each. */
  append(index: bigint, fees: readonly (readonly [Fee, number])[], make: () => Action): void {
    const receipt = this.#receipt(this.#one(index, FAILURES.jointAction))
    const toSelf = receipt.receiverId === this.#machine.context.accountId
    for (const [fee, times] of fees) this.#machine.payAction(fee, toSelf, times)
    receipt.actions.push(make())
  }

  /** Adds a transfer, and pays for it at once: to some names it makes the account. */
  appendTransfer(index: bigint, deposit: bigint): void {
    const receipt = this.#receipt(this.#one(index, FAILURES.jointAction))
    const { context, parameters } = this.#machine
    const toSelf = receipt.receiverId === context.accountId
    for (const fee of transferFees(parameters, receipt.receiverId)) {
      this.#machine.payAction(fee, toSelf)
    }
    this.#machine.spend(deposit)
    receipt.actions.push({ type: 'transfer', deposit })
  }

  /** Adds a call; with a weight it gets a part of what is left in the end. */
  appendCall(index: bigint, action: CallAction, length: number, weight: bigint): void {
    const { fees } = this.#machine.parameters
    const bytes = length + action.args.length
    const paid = [
      [fees.call, 1],
      [fees.callByte, bytes],
    ] as const
    this.append(index, paid, () => {
      this.#machine.promise(action.gas)
      this.#machine.spend(action.deposit)
      return action
    })
    const receipt = this.#one(index, FAILURES.jointAction)
    const at = this.#receipt(receipt).actions.length - 1
    if (weight > 0n) this.#weights.push({ receipt, action: at, weight })
  }

  /** The promise whose result is the call's. */
  return(index: bigint): void {
    this.returned = this.#one(index, FAILURES.jointReturn)
  }

  /** Gives `gas` to the calls that have a weight. @returns what was given */
  distribute(gas: bigint): bigint {
    const total = this.#weights.reduce((sum, { weight }) => sum + weight, 0n)
    if (total === 0n) return 0n
    let given = 0n
    for (const [i, { receipt, action, weight }] of this.#weights.entries()) {
      const isLast = i === this.#weights.length - 1
      const part = isLast ? gas - given : (gas * weight) / total
      given += part
      const { actions } = this.#receipt(receipt)
      const call = actions[action]
      if (call?.type === 'call') actions[action] = { ...call, gas: call.gas + part }
    }
    return gas
  }

  accountAt(length: bigint, pointer: bigint): string {
    const bytes = this.#machine.input(length, pointer)
    this.#machine.pay('utf8_decoding_base')
    this.#machine.pay('utf8_decoding_byte', bytes.length)
    const id = decodeUtf8(bytes)
    if (!isAccountId(id)) throw FAILURES.accountId()
    return id
  }

  keyAt(length: bigint, pointer: bigint): PublicKey {
    const key = publicKeyText(this.#machine.input(length, pointer))
    if (key === undefined) throw FAILURES.publicKey()
    return key
  }

  #push(promise: Promised): bigint {
    const { promises } = this.#machine.parameters.limits
    this.#promises.push(promise)
    if (this.#promises.length > promises) {
      throw FAILURES.promises(this.#promises.length, promises)
    }
    return BigInt(this.#promises.length - 1)
  }

  #at(index: bigint): Promised {
    const promise = this.#promises[Number(unsigned(index))]
    if (promise === undefined) throw FAILURES.promiseIndex(unsigned(index))
    return promise
  }

  #one(index: bigint, joint: () => Error): number {
    const promise = this.#at(index)
    if (typeof promise !== 'number') throw joint()
    return promise
  }

  #receipt(index: number): PromisedReceipt {
    const receipt = this.receipts[index]
    if (receipt === undefined) throw FAILURES.promiseIndex(BigInt(index))
    return receipt
  }
}
