/**
 * The contract that is built in, for the native asset: functions, entries, events and errors as the network's has them. For assets that somebody
 * issued there is none here.
 */
import { equalBytes, utf8 } from '../../../node/primitives/bytes.ts'
import { EVENT } from '../host/events.ts'
import { NATIVE_ASSET } from '../host/creation.ts'
import type { Frame } from '../host/frame.ts'
import type { Host } from '../host/host.ts'
import { instanceKey } from '../storage/keys.ts'
import { accountAddress, type Address } from '../value/address.ts'
import { contractError, hostError } from '../value/errors.ts'
import { findKey, withKey } from '../value/order.ts'
import { TAG, tagOf, TRUE, u32Val, upperOf, type Val, VOID, wideTag } from '../value/word.ts'
import {
  allowanceOf,
  approve,
  ASSET_ERROR,
  balanceOf,
  moveBalance,
  named,
  record,
  spendAllowance,
} from './balances.ts'

const DAY = 17_280
const INSTANCE = { to: 7 * DAY, threshold: 6 * DAY }
/** What any call costs beside looking at storage, instructions. */
const WORK = 9_500
const NAME = 'native'
const DECIMALS = 7

/** Arguments of one call. */
class Args {
  readonly host: Host
  readonly #values: readonly Val[]

  constructor(host: Host, values: readonly Val[]) {
    this.host = host
    this.#values = values
  }

  address(index: number): Address {
    return this.host.objects.address(this.#values[index] ?? VOID)
  }

  /** An address that may be a muxed one, and its number then. */
  muxed(index: number): { readonly address: Address; readonly id: bigint | undefined } {
    const value = this.#values[index] ?? VOID
    if (tagOf(value) !== TAG.muxed) return { address: this.address(index), id: undefined }
    const { bytes, id } = this.host.objects.address(value, TAG.muxed)
    return { address: accountAddress(bytes), id }
  }

  /** @throws HostError where it is negative */
  amount(index: number): bigint {
    const value = this.#values[index] ?? VOID
    if (wideTag(tagOf(value)) !== TAG.i128) throw unexpected()
    const amount = this.host.objects.number(value)
    if (amount < 0n) throw contractError(ASSET_ERROR.negative, 'negative amount is not allowed')
    return amount
  }

  u32(index: number): number {
    const value = this.#values[index] ?? VOID
    if (tagOf(value) !== TAG.u32) throw unexpected()
    return upperOf(value)
  }

  bytes(index: number): Uint8Array {
    return this.host.objects.bytes(this.#values[index] ?? VOID)
  }

  /** @throws HostError where the address does not agree to this call */
  require(address: Address): void {
    this.host.authorizer.require(address, this.#values)
    extend(this.host)
  }
}

function unexpected(): Error {
  return hostError('Value', 'UnexpectedType', 'unexpected type of argument')
}

function unsupported(): Error {
  return contractError(ASSET_ERROR.unsupported, 'operation invalid on native asset')
}

function extend(host: Host): void {
  host.storage.extend(instanceKey(host.contract), INSTANCE.threshold, INSTANCE.to)
}

function emit(host: Host, name: string, parties: readonly Address[], data: Val): void {
  const { objects } = host
  const addresses = parties.map((one) => objects.newAddress(one))
  const asset = objects.newBytes(utf8(NAME), TAG.string)
  host.emit(EVENT.contract, [objects.newSymbol(name), ...addresses, asset], data)
}

function i128({ objects }: Host, amount: bigint): Val {
  return objects.newNumber(TAG.i128, amount)
}

function move(
  host: Host,
  from: Address,
  to: { readonly address: Address; readonly id: bigint | undefined },
  amount: bigint,
): void {
  moveBalance(host, from, -amount)
  moveBalance(host, to.address, amount)
  const data =
    to.id === undefined
      ? i128(host, amount)
      : record(host, {
          amount: i128(host, amount),
          to_muxed_id: host.objects.newNumber(TAG.u64, to.id),
        })
  emit(host, 'transfer', [from, to.address], data)
}

function initialize(host: Host, asset: Uint8Array): void {
  if (!equalBytes(asset, NATIVE_ASSET)) {
    const detail = 'this local chain has no contracts of assets but the native one'
    throw hostError('Context', 'InternalError', detail)
  }
  const instance = host.instanceMap()
  const { objects } = host
  const name = objects.newBytes(utf8(NAME), TAG.string)
  const info = named(host, 'AssetInfo')
  if (findKey(objects, instance.map, info).value !== undefined) {
    throw contractError(ASSET_ERROR.initialized, 'already initialized')
  }
  const metadata = record(host, { decimal: u32Val(DECIMALS), name, symbol: name })
  instance.map = withKey(objects, instance.map, info, named(host, 'Native'))
  instance.map = withKey(objects, instance.map, objects.newSymbol('METADATA'), metadata)
  instance.isChanged = true
}

interface AssetFunction {
  readonly arity: number
  readonly run: (args: Args) => Val | void
}

const text = ({ host }: Args): Val => host.objects.newBytes(utf8(NAME), TAG.string)
const refuse = (): never => {
  throw unsupported()
}

const FUNCTIONS: Readonly<Record<string, AssetFunction>> = {
  init_asset: { arity: 1, run: (args) => initialize(args.host, args.bytes(0)) },
  allowance: {
    arity: 2,
    run: (args) => {
      extend(args.host)
      return i128(args.host, allowanceOf(args.host, args.address(0), args.address(1)))
    },
  },
  approve: {
    arity: 4,
    run: (args) => {
      const [from, spender] = [args.address(0), args.address(1)]
      const [amount, liveUntil] = [args.amount(2), args.u32(3)]
      args.require(from)
      approve(args.host, from, spender, { amount, liveUntil })
      const data = args.host.objects.newVec([i128(args.host, amount), u32Val(liveUntil)])
      emit(args.host, 'approve', [from, spender], data)
    },
  },
  balance: {
    arity: 1,
    run: (args) => {
      extend(args.host)
      return i128(args.host, balanceOf(args.host, args.address(0)))
    },
  },
  authorized: { arity: 1, run: () => TRUE },
  transfer: {
    arity: 3,
    run: (args) => {
      const [from, to, amount] = [args.address(0), args.muxed(1), args.amount(2)]
      args.require(from)
      move(args.host, from, to, amount)
    },
  },
  transfer_from: {
    arity: 4,
    run: (args) => {
      const [spender, from, to] = [args.address(0), args.address(1), args.address(2)]
      const amount = args.amount(3)
      args.require(spender)
      spendAllowance(args.host, from, spender, amount)
      move(args.host, from, { address: to, id: undefined }, amount)
    },
  },
  burn: { arity: 2, run: refuse },
  burn_from: { arity: 3, run: refuse },
  clawback: { arity: 2, run: refuse },
  decimals: { arity: 0, run: () => u32Val(DECIMALS) },
  name: { arity: 0, run: text },
  symbol: { arity: 0, run: text },
}

/** @throws HostError */
export function runAssetContract(host: Host, { call }: Frame): Val {
  const { method = '', args = [] } = call ?? {}
  host.budget.work(WORK)
  const found = Object.hasOwn(FUNCTIONS, method) ? FUNCTIONS[method] : undefined
  if (found === undefined) {
    const detail = 'trying to invoke non-existent contract function'
    throw hostError('WasmVm', 'MissingValue', detail, [host.objects.newSymbol(method)])
  }
  if (found.arity !== args.length) {
    throw hostError('WasmVm', 'UnexpectedSize', 'wrong number of arguments')
  }
  return found.run(new Args(host, args)) ?? VOID
}
