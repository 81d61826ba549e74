/** How functions of the host are written down: what they take and give, and what they do. */
import { COST } from '../../budget/costs.ts'
import { accountAddress, ADDRESS, type Address } from '../../value/address.ts'
import { hostError } from '../../value/errors.ts'
import type { MapEntries } from '../../value/objects.ts'
import { boolVal, TAG, tagOf, u32Val, upperOf, type Val, VOID, wideTag } from '../../value/word.ts'
import { toAbsolute, toRelative } from '../../vm/memory.ts'
import type { Host } from '../host.ts'

/** Reads an argument: a word, or for plain numbers 64 bits. */
type Read<T> = (host: Host, raw: bigint) => T
/** Makes a result of what a function gives. */
type Give<T> = (host: Host, result: T) => bigint

type Args<R extends readonly Read<unknown>[]> = {
  [K in keyof R]: R[K] extends Read<infer T> ? T : never
}

/** A function as contracts import it. */
export interface HostFunction {
  /** Its name in the published interface. */
  readonly name: string
  readonly arity: number
  /** The first protocol that has it. */
  readonly since: number
  readonly run: (host: Host, raw: readonly bigint[]) => bigint
}

/** Functions by the short names that contracts import them under, of one module. */
export type HostFunctions = Readonly<Record<string, HostFunction>>

const FIRST_PROTOCOL = 20

/** `fn('vec_get', [VEC, U32], VALUE, (host, vec, index) => ...)`. */
export function fn<const R extends readonly Read<unknown>[], T>(
  name: string,
  reads: R,
  give: Give<T>,
  body: (host: Host, ...args: Args<R>) => T,
  since: number = FIRST_PROTOCOL,
): HostFunction {
  const run = (host: Host, raw: readonly bigint[]): bigint => {
    host.budget.charge(COST.dispatch)
    // each argument by its own reader: what the type says of them
    const args = reads.map((read, i) => read(host, BigInt.asUintN(64, raw[i] ?? 0n))) as Args<R>
    return give(host, body(host, ...args))
  }
  return { name, arity: reads.length, since, run }
}

function unexpected(what: string): Error {
  return hostError('Value', 'UnexpectedType', `expected ${what}`)
}

/** Any value. */
export const VALUE: Read<Val> = toAbsolute
/** A number of 64 bits that is no value. */
export const PLAIN: Read<bigint> = (_, raw) => raw
export const PLAIN_SIGNED: Read<bigint> = (_, raw) => BigInt.asIntN(64, raw)
export const U32: Read<number> = (_, raw) => {
  if (tagOf(raw) !== TAG.u32) throw unexpected('a u32')
  return upperOf(raw)
}
export const ERROR: Read<Val> = (_, raw) => {
  if (tagOf(raw) !== TAG.error) throw unexpected('an error')
  return raw
}
/** 0 temporary, 1 persistent, 2 instance. */
export const STORAGE: Read<number> = (_, raw) => {
  if (raw > 2n) throw hostError('Storage', 'InvalidInput', 'bad storage type')
  return Number(raw)
}
/** 0 instance and code, 1 instance, 2 code. */
export const SCOPE: Read<number> = (_, raw) => {
  if (raw > 2n) throw hostError('Value', 'InvalidInput', 'bad scope of an extension')
  return Number(raw)
}
export const SYMBOL: Read<string> = (host, raw) => host.objects.symbol(toAbsolute(host, raw))
export const SYMBOL_OBJECT: Read<string> = (host, raw) => {
  if (tagOf(raw) !== TAG.symbol) throw unexpected('a symbol that is an object')
  return SYMBOL(host, raw)
}
export const BYTES: Read<Uint8Array> = (host, raw) => host.objects.bytes(toAbsolute(host, raw))
export const STRING: Read<Uint8Array> = (host, raw) =>
  host.objects.bytes(toAbsolute(host, raw), TAG.string)
export const EXEC_TAG: Read<Uint8Array> = (host, raw) =>
  host.objects.bytes(toAbsolute(host, raw), TAG.execTag)
export const VEC: Read<readonly Val[]> = (host, raw) => host.objects.vec(toAbsolute(host, raw))
export const MAP: Read<MapEntries> = (host, raw) => host.objects.map(toAbsolute(host, raw))
export const ANY_ADDRESS: Read<Address> = (host, raw) => host.objects.address(toAbsolute(host, raw))
export const CONTRACT: Read<Address> = (host, raw) => {
  const address = ANY_ADDRESS(host, raw)
  if (address.kind === ADDRESS.contract) return address
  throw hostError('Object', 'InvalidInput', 'not the address of a contract')
}
export const MUXED: Read<Address> = (host, raw) =>
  host.objects.address(toAbsolute(host, raw), TAG.muxed)

/** A number, in the word or not, whose objects have this tag. */
export function number(tag: number): Read<bigint> {
  return (host, raw) => host.objects.numberOf(toAbsolute(host, raw), tag)
}

/** A number that is an object. */
export function wide(tag: number): Read<bigint> {
  return (host, raw) => {
    if (tagOf(raw) !== tag || wideTag(tag) !== tag) throw unexpected('a number that is an object')
    return host.objects.number(toAbsolute(host, raw))
  }
}

function given<T>(make: (host: Host, value: T) => Val): Give<T> {
  return (host, value) => toRelative(host, make(host, value))
}

export const NOTHING: Give<void> = () => VOID
export const GIVE_VALUE: Give<Val> = (host, value) => toRelative(host, value)
export const GIVE_PLAIN: Give<bigint> = (_, value) => value
export const GIVE_U32: Give<number> = (_, value) => u32Val(value)
export const GIVE_BOOL: Give<boolean> = (_, value) => boolVal(value)
export const GIVE_BYTES: Give<Uint8Array> = given((host, value: Uint8Array) =>
  host.objects.newBytes(value),
)
export const GIVE_STRING: Give<Uint8Array> = given((host, value: Uint8Array) =>
  host.objects.newBytes(value, TAG.string),
)
export const GIVE_EXEC_TAG: Give<Uint8Array> = given((host, value: Uint8Array) =>
  host.objects.newBytes(value, TAG.execTag),
)
export const GIVE_SYMBOL_OBJECT: Give<string> = given((host, value: string) =>
  host.objects.newWideSymbol(value),
)
export const GIVE_VEC: Give<readonly Val[]> = given((host, value: readonly Val[]) =>
  host.objects.newVec(value),
)
export const GIVE_MAP: Give<MapEntries> = given((host, value: MapEntries) =>
  host.objects.newMap(value),
)
export const GIVE_ADDRESS: Give<Address> = given((host, value: Address) =>
  host.objects.newAddress(value),
)

export function giveNumber(tag: number): Give<bigint> {
  return given((host, value: bigint) => host.objects.newNumber(tag, value))
}

export function giveWide(tag: number): Give<bigint> {
  return given((host, value: bigint) => host.objects.newWideNumber(tag, value))
}

/** The account of a muxed one. */
export function unmuxed({ bytes }: Address): Address {
  return accountAddress(bytes)
}

/** Bytes of a length. @throws HostError */
export function sized(bytes: Uint8Array, length: number, what: string): Uint8Array {
  if (bytes.length === length) return bytes
  throw hostError('Object', 'UnexpectedSize', `${what}: expected ${length} bytes`)
}

/** @throws HostError where an index is not below a bound */
export function checkIndex(index: number, bound: number): void {
  if (index >= bound) throw hostError('Object', 'IndexBounds', 'index out of bounds')
}

/** @throws HostError where a part does not lie within */
export function checkRange(start: number, end: number, length: number): void {
  if (start > length || end > length) {
    throw hostError('Object', 'IndexBounds', 'index out of bounds')
  }
  if (start > end) {
    throw hostError('Object', 'InvalidInput', 'start index greater than end index')
  }
}
