/** Signatures that are right, and every way in which they are not, made from a seed. */
import { createHash } from 'node:crypto'
import { generateSigningKey } from '../../../../src/node/crypto/sign.ts'
import { concat } from '../../../../src/node/primitives/bytes.ts'
import {
  add,
  encode,
  L,
  multiply,
  P,
  type Point,
  pointOf,
  torsion,
} from '../../../support/edwards25519.ts'

/** A signature over 32 bytes. */
export interface Case {
  readonly kind: CaseKind
  readonly publicKey: Uint8Array
  readonly message: Uint8Array
  readonly r: Uint8Array
  readonly s: Uint8Array
}

/** What is special about a case, and how often of 100 it is drawn. */
const WEIGHTS = {
  /** As every signer makes it. */
  honest: 30,
  /** One bit changed, of anything. */
  flipped: 20,
  /** S at and around the order, S + L, S of any size. */
  'S out of range': 10,
  /** Key and R with parts of small order: the full equation holds for some, the cofactored one for all. */
  mixed: 15,
  /** Key or R of small order, also with y not below p. */
  'small order': 10,
  /** Key or R with y not below p. */
  'y not below p': 4,
  /** Key or R that may lie off the curve. */
  'any point': 6,
  /** Any bytes. */
  garbage: 5,
} as const

export type CaseKind = keyof typeof WEIGHTS
export const KINDS: readonly CaseKind[] = Object.keys(WEIGHTS) as CaseKind[] // its own keys

/** Bytes that follow from a seed. */
class Draw {
  readonly #seed: string
  #count = 0

  constructor(seed: number) {
    this.#seed = `ed25519/${seed}`
  }

  bytes(): Uint8Array {
    const hash = createHash('sha256').update(`${this.#seed}/${this.#count++}`)
    return new Uint8Array(hash.digest())
  }

  below(max: number): number {
    return Buffer.from(this.bytes()).readUInt32BE() % max
  }

  of<T>(list: readonly T[]): T {
    const found = list[this.below(list.length)]
    if (found === undefined) throw new RangeError('expected something to draw from')
    return found
  }
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)
}

function littleEndian(value: bigint): Uint8Array {
  return encode(BigInt.asUintN(256, value))
}

function sha512(...parts: readonly Uint8Array[]): Uint8Array {
  return createHash('sha512')
    .update(concat(...parts))
    .digest()
}

const TORSION = torsion()
/** Encodings of the points of small order, with either sign, and with y from p up. */
const SMALL = [...TORSION.map(({ y }) => y), P, P + 1n].flatMap((y) => [encode(y), encode(y, 1)])
const LARGE = Array.from({ length: 19 }, (_, more) => P + BigInt(more)).flatMap((y) => [
  encode(y),
  encode(y, 1),
])

function encodePoint({ x, y }: Point): Uint8Array {
  return encode(y, (x & 1n) === 1n ? 1 : 0)
}

function decodePoint(bytes: Uint8Array): Point {
  const encoded = numberOf(bytes)
  const found = pointOf(encoded & ((1n << 255n) - 1n))
  if (found === undefined) throw new RangeError('expected a point')
  const isOdd = (found.x & 1n) === 1n
  return isOdd === encoded >> 255n > 0n ? found : { x: P - found.x, y: found.y }
}

/** A scalar and its multiple of the base point (RFC 8032 5.1.5). */
function pair(draw: Draw): { readonly scalar: bigint; readonly point: Uint8Array } {
  const seed = draw.bytes()
  const half = sha512(seed).slice(0, 32)
  half[0] = (half[0] ?? 0) & 248
  half[31] = ((half[31] ?? 0) & 127) | 64
  return { scalar: numberOf(half) % L, point: generateSigningKey(seed).publicKey }
}

function honest(draw: Draw): Omit<Case, 'kind'> {
  const { publicKey, sign } = generateSigningKey(draw.bytes())
  const message = draw.bytes()
  const signature = sign(message)
  return { publicKey, message, r: signature.slice(0, 32), s: signature.slice(32) }
}

function flipped(draw: Draw): Omit<Case, 'kind'> {
  const found = honest(draw)
  const part = draw.of(['publicKey', 'message', 'r', 's'] as const)
  const bytes = Uint8Array.from(found[part])
  const at = draw.below(256)
  bytes[at >> 3] = (bytes[at >> 3] ?? 0) ^ (1 << (at & 7))
  return { ...found, [part]: bytes }
}

function outOfRange(draw: Draw): Omit<Case, 'kind'> {
  const found = honest(draw)
  const s = numberOf(found.s)
  const others = [s + L, s + 2n * L, s + 15n * L, L, L - 1n, L + 1n, 0n, (1n << 256n) - 1n]
  return { ...found, s: littleEndian(draw.of([...others, numberOf(draw.bytes())])) }
}

/** S = r + h a, for a key aB + T and an R = rB + U: the full equation holds when U = -h T. */
function mixed(draw: Draw): Omit<Case, 'kind'> {
  const [key, commitment] = [pair(draw), pair(draw)]
  const message = draw.bytes()
  const publicKey = encodePoint(add(decodePoint(key.point), draw.of(TORSION)))
  const r = encodePoint(add(decodePoint(commitment.point), draw.of(TORSION)))
  const h = numberOf(sha512(r, publicKey, message)) % L
  return { publicKey, message, r, s: littleEndian((commitment.scalar + h * key.scalar) % L) }
}

/** The point of an encoding that need not be the one that it has. */
function smallPointOf(bytes: Uint8Array): Point {
  const encoded = numberOf(bytes)
  const y = (encoded & ((1n << 255n) - 1n)) % P
  return decodePoint(encode(y, Number(encoded >> 255n) as 0 | 1))
}

/**
 * Of a key of small order R = rB + U and S = r are a signature, for a U that is found where there is one; so are R of small order and S = 0 of one
 * message in eight. Of any key aB the neutral R and S = h a are one of every message, which its owner alone can make.
 */
function small(draw: Draw): Omit<Case, 'kind'> {
  const found = honest(draw)
  const none = new Uint8Array(32)
  switch (draw.below(5)) {
    case 0:
      return { ...found, r: draw.of(SMALL), s: draw.of([none, found.s]) }
    case 1:
      return { ...found, publicKey: draw.of(SMALL), r: draw.of(SMALL), s: none }
    case 2: {
      const { scalar, point } = pair(draw)
      const r = encode(1n)
      const h = numberOf(sha512(r, point, found.message)) % L
      return { ...found, publicKey: point, r, s: littleEndian((h * scalar) % L) }
    }
    default: {
      const { scalar, point } = pair(draw)
      const publicKey = draw.of(SMALL)
      const s = littleEndian(scalar)
      const commitment = decodePoint(point)
      const tries = TORSION.map((part) => {
        const r = encodePoint(add(commitment, part))
        const h = numberOf(sha512(r, publicKey, found.message)) % L
        const sum = multiply(smallPointOf(publicKey), h % 8n)
        return { r, isRight: encodePoint(add(sum, part)).join() === encode(1n).join() }
      })
      const { r } = tries.find(({ isRight }) => isRight) ?? draw.of(tries)
      return { ...found, publicKey, r, s }
    }
  }
}

function replaced(draw: Draw, bytes: Uint8Array): Omit<Case, 'kind'> {
  return { ...honest(draw), [draw.of(['publicKey', 'r'] as const)]: bytes }
}

function make(kind: CaseKind, draw: Draw): Omit<Case, 'kind'> {
  switch (kind) {
    case 'honest':
      return honest(draw)
    case 'flipped':
      return flipped(draw)
    case 'S out of range':
      return outOfRange(draw)
    case 'mixed':
      return mixed(draw)
    case 'small order':
      return small(draw)
    case 'y not below p':
      return replaced(draw, draw.of(LARGE))
    case 'any point':
      return replaced(draw, draw.bytes())
    case 'garbage':
      return { publicKey: draw.bytes(), message: draw.bytes(), r: draw.bytes(), s: draw.bytes() }
  }
}

/** As many cases as are asked for; every kind is among a hundred. */
export function* cases(count: number, seed: number): Generator<Case> {
  const draw = new Draw(seed)
  const wheel = KINDS.flatMap((kind) => Array<CaseKind>(WEIGHTS[kind]).fill(kind))
  for (let at = 0; at < count; at++) {
    const kind = wheel[(at * 37) % wheel.length] ?? 'honest' // 37 has no divisor with a hundred
    yield { kind, ...make(kind, draw) }
  }
}
