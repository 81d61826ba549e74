/** The curve of ed25519 by plain affine arithmetic: slow, and independent of what it is held against (RFC 8032 5.1). */

/** The field's prime. */
export const P: bigint = 2n ** 255n - 19n
/** Order of the base point. */
export const L: bigint = 2n ** 252n + 27742317777372353535851937790883648493n

const mod = (a: bigint): bigint => ((a % P) + P) % P

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  for (let b = mod(base), e = exponent; e > 0n; e >>= 1n, b = mod(b * b)) {
    if ((e & 1n) === 1n) result = mod(result * b)
  }
  return result
}

const inverse = (a: bigint): bigint => power(a, P - 2n)
const D = mod(-121665n * inverse(121666n))

export interface Point {
  readonly x: bigint
  readonly y: bigint
}

const IDENTITY: Point = { x: 0n, y: 1n }

export function add(a: Point, b: Point): Point {
  const product = mod(D * a.x * b.x * a.y * b.y)
  return {
    x: mod((a.x * b.y + a.y * b.x) * inverse(1n + product)),
    y: mod((a.y * b.y + a.x * b.x) * inverse(1n - product)),
  }
}

export function multiply(point: Point, times: bigint): Point {
  let result = IDENTITY
  for (let p = point, n = times; n > 0n; n >>= 1n, p = add(p, p)) {
    if ((n & 1n) === 1n) result = add(result, p)
  }
  return result
}

/** A point with this y, when there is one (RFC 8032 5.1.3). */
export function pointOf(y: bigint): Point | undefined {
  const x2 = mod((y * y - 1n) * inverse(D * y * y + 1n))
  let x = power(x2, (P + 3n) / 8n)
  if (mod(x * x) !== x2) x = mod(x * power(2n, (P - 1n) / 4n))
  return mod(x * x) === x2 ? { x, y } : undefined
}

/** 32 bytes little-endian, with the sign of x on top when asked for. */
export function encode(y: bigint, sign: 0 | 1 = 0): Uint8Array {
  const out = new Uint8Array(32)
  for (let i = 0, rest = y; i < 32; i++, rest >>= 8n) out[i] = Number(rest & 0xffn)
  if (sign === 1) out[31] = (out[31] ?? 0) | 0x80
  return out
}

/** The eight points whose order divides eight: multiples of a random point's part of small order. */
export function torsion(): Point[] {
  for (let y = 2n; ; y++) {
    const start = pointOf(y)
    if (start === undefined) continue
    const small = multiply(start, L)
    const points = Array.from({ length: 8 }, (_, i) => multiply(small, BigInt(i)))
    if (new Set(points.map(({ x, y: at }) => `${x},${at}`)).size === 8) return points
  }
}
