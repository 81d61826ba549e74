/** Functions on numbers that do not fit into a word (module `i`). */
import { COST } from '../../budget/costs.ts'
import { XdrReader, XdrWriter } from '../../codec/xdr.ts'
import { hostError } from '../../value/errors.ts'
import { TAG, VOID } from '../../value/word.ts'
import {
  BYTES,
  fn,
  GIVE_BYTES,
  GIVE_PLAIN,
  GIVE_VALUE,
  giveNumber,
  giveWide,
  type HostFunction,
  type HostFunctions,
  number,
  PLAIN,
  PLAIN_SIGNED,
  sized,
  U32,
  wide,
} from './define.ts'

const { u64, i64, timepoint, duration, u128, i128, u256, i256 } = TAG
/** The first protocol with functions that give nothing where others fail. */
const CHECKED = 26

/** Numbers of pieces, the highest first. */
function joined(...pieces: readonly bigint[]): bigint {
  return pieces.reduce((sum, piece) => (sum << 64n) | piece, 0n)
}

function piece(name: string, tag: number, shift: bigint, isSigned = false): HostFunction {
  return fn(name, [wide(tag)], GIVE_PLAIN, (_, value) => {
    const part = value >> shift
    return isSigned ? BigInt.asIntN(64, part) : BigInt.asUintN(64, part)
  })
}

function fromBytes(bytes: Uint8Array): bigint {
  const r = new XdrReader(sized(bytes, 32, 'a number of 256 bits'))
  return joined(r.u64(), r.u64(), r.u64(), r.u64())
}

function toBytes(value: bigint): Uint8Array {
  const w = new XdrWriter()
  for (const shift of [192n, 128n, 64n, 0n]) w.u64(value >> shift)
  return w.done()
}

/** A power, or undefined where it is surely too large. */
function power(base: bigint, exponent: number): bigint | undefined {
  const isLarge = base > 1n || base < -1n
  if (isLarge && exponent >= 256) return undefined
  // beyond that, only 0, 1 and -1 are left, and for them it matters whether it is odd
  return base ** BigInt(exponent < 256 ? exponent : 2 + (exponent % 2))
}

function remainder(a: bigint, b: bigint): bigint {
  const rest = a % b
  return rest < 0n ? rest + (b < 0n ? -b : b) : rest
}

/** Arithmetic of 256 bits, by the letters that its functions have. */
function arithmetic(prefix: string, tag: number, letters: string): HostFunctions {
  const isSigned = tag === i256
  const fits = (value: bigint): boolean =>
    (isSigned ? BigInt.asIntN(256, value) : BigInt.asUintN(256, value)) === value
  const wrapped = (value: bigint): bigint =>
    isSigned ? BigInt.asIntN(256, value) : BigInt.asUintN(256, value)
  const checked = (value: bigint | undefined): bigint => {
    if (value !== undefined && fits(value)) return value
    throw hostError('Object', 'ArithDomain', 'arithmetic overflow or domain error')
  }
  const divided = (a: bigint, b: bigint): bigint => checked(b === 0n ? undefined : a / b)
  const value = number(tag)
  type Binary = (a: bigint, b: bigint) => bigint | undefined
  const binary = (name: string, cost: number, run: Binary): HostFunction =>
    fn(`${prefix}_${name}`, [value, value], giveNumber(tag), ({ budget }, a, b) => {
      budget.charge(cost)
      return checked(run(a, b))
    })
  type Small = (a: bigint, b: number) => bigint | undefined
  const small = (name: string, cost: number, run: Small): HostFunction =>
    fn(`${prefix}_${name}`, [value, U32], giveNumber(tag), ({ budget }, a, b) => {
      budget.charge(cost)
      return checked(run(a, b))
    })
  const optional = (name: string, cost: number, run: Binary): HostFunction =>
    fn(
      `${prefix}_checked_${name}`,
      [value, value],
      GIVE_VALUE,
      ({ budget, objects }, a, b) => {
        budget.charge(cost)
        const result = run(a, b)
        return result !== undefined && fits(result) ? objects.newNumber(tag, result) : VOID
      },
      CHECKED,
    )
  const all = [
    binary('add', COST.int256Add, (a, b) => a + b),
    binary('sub', COST.int256Add, (a, b) => a - b),
    binary('mul', COST.int256Mul, (a, b) => a * b),
    binary('div', COST.int256Div, divided),
    binary('rem_euclid', COST.int256Div, (a, b) =>
      // also where the quotient does not fit
      remainder(a + divided(a, b) * 0n, b),
    ),
    small('pow', COST.int256Pow, power),
    small('shl', COST.int256Shift, (a, b) => (b < 256 ? wrapped(a << BigInt(b)) : undefined)),
    small('shr', COST.int256Shift, (a, b) => (b < 256 ? a >> BigInt(b) : undefined)),
    optional('add', COST.int256Add, (a, b) => a + b),
    optional('sub', COST.int256Add, (a, b) => a - b),
    optional('mul', COST.int256Mul, (a, b) => a * b),
    fn(
      `${prefix}_checked_pow`,
      [value, U32],
      GIVE_VALUE,
      ({ budget, objects }, a, b) => {
        budget.charge(COST.int256Pow)
        const result = power(a, b)
        return result !== undefined && fits(result) ? objects.newNumber(tag, result) : VOID
      },
      CHECKED,
    ),
  ]
  return Object.fromEntries(all.map((one, i) => [letters[i] ?? '', one]))
}

export const INTEGER_FUNCTIONS: HostFunctions = {
  _: fn('obj_from_u64', [PLAIN], giveWide(u64), (_, value) => value),
  0: fn('obj_to_u64', [wide(u64)], GIVE_PLAIN, (_, value) => value),
  1: fn('obj_from_i64', [PLAIN_SIGNED], giveWide(i64), (_, value) => value),
  2: fn('obj_to_i64', [wide(i64)], GIVE_PLAIN, (_, value) => value),
  3: fn('obj_from_u128_pieces', [PLAIN, PLAIN], giveWide(u128), (_, a, b) => joined(a, b)),
  4: piece('obj_to_u128_lo64', u128, 0n),
  5: piece('obj_to_u128_hi64', u128, 64n),
  6: fn('obj_from_i128_pieces', [PLAIN_SIGNED, PLAIN], giveWide(i128), (_, a, b) => joined(a, b)),
  7: piece('obj_to_i128_lo64', i128, 0n),
  8: piece('obj_to_i128_hi64', i128, 64n, true),
  9: fn('obj_from_u256_pieces', [PLAIN, PLAIN, PLAIN, PLAIN], giveWide(u256), (_, ...pieces) =>
    joined(...pieces),
  ),
  a: fn('u256_val_from_be_bytes', [BYTES], giveNumber(u256), (_, bytes) => fromBytes(bytes)),
  b: fn('u256_val_to_be_bytes', [number(u256)], GIVE_BYTES, (_, value) => toBytes(value)),
  c: piece('obj_to_u256_hi_hi', u256, 192n),
  d: piece('obj_to_u256_hi_lo', u256, 128n),
  e: piece('obj_to_u256_lo_hi', u256, 64n),
  f: piece('obj_to_u256_lo_lo', u256, 0n),
  g: fn(
    'obj_from_i256_pieces',
    [PLAIN_SIGNED, PLAIN, PLAIN, PLAIN],
    giveWide(i256),
    (_, ...pieces) => joined(...pieces),
  ),
  h: fn('i256_val_from_be_bytes', [BYTES], giveNumber(i256), (_, bytes) =>
    BigInt.asIntN(256, fromBytes(bytes)),
  ),
  i: fn('i256_val_to_be_bytes', [number(i256)], GIVE_BYTES, (_, value) => toBytes(value)),
  j: piece('obj_to_i256_hi_hi', i256, 192n, true),
  k: piece('obj_to_i256_hi_lo', i256, 128n),
  l: piece('obj_to_i256_lo_hi', i256, 64n),
  m: piece('obj_to_i256_lo_lo', i256, 0n),
  ...arithmetic('u256', u256, 'nopqrstuHIJK'),
  ...arithmetic('i256', i256, 'vwxyzABCLMNO'),
  D: fn('timepoint_obj_from_u64', [PLAIN], giveWide(timepoint), (_, value) => value),
  E: fn('timepoint_obj_to_u64', [wide(timepoint)], GIVE_PLAIN, (_, value) => value),
  F: fn('duration_obj_from_u64', [PLAIN], giveWide(duration), (_, value) => value),
  G: fn('duration_obj_to_u64', [wide(duration)], GIVE_PLAIN, (_, value) => value),
}
