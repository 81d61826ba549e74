/**
 * Writes the vectors of the Solidity tests for Ed25519 and SHA-512: `node scripts/ed25519-vectors.ts`.
 * Every vector says what `verifySignature` of the node says; a vector built for one answer that gets the other stops the script.
 * Before that it derives the table of the contract anew.
 */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateSigningKey, isStrongKey, verifySignature } from '../src/node/crypto/sign.ts'
import { concat, toHex } from '../src/node/primitives/bytes.ts'

const CONTRACTS = join(import.meta.dirname, '../contracts/ethereum')
const TARGET = join(CONTRACTS, 'test/support/GeneratedEd25519Vectors.sol')

/** Multiples of the base point that the contract holds as constants. */
const TABLE = 16

/** Signatures by ordinary keys; the contract must take all of them. */
const ORDINARY = 32

/** Of those, how many are also shown to break when one bit changes. */
const BROKEN = 6

// The curve of RFC 8032 5.1, for signatures that no signing function would make. Affine and slow: this is a script.
const P = 2n ** 255n - 19n
const L = 2n ** 252n + 27742317777372353535851937790883648493n
const mod = (value: bigint, by = P): bigint => ((value % by) + by) % by

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  for (let square = mod(base), rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % P
    square = (square * square) % P
  }
  return result
}

/** The inverse modulo P, by Euclid: a power would take ten times as long. */
function invert(value: bigint): bigint {
  let [large, small] = [P, mod(value)]
  let [before, inverse] = [0n, 1n]
  while (small > 1n) {
    const quotient = large / small
    ;[large, small] = [small, large % small]
    ;[before, inverse] = [inverse, before - quotient * inverse]
  }
  return mod(inverse)
}

const D = mod(-121665n * invert(121666n))

interface Point {
  readonly x: bigint
  readonly y: bigint
}

const NEUTRAL: Point = { x: 0n, y: 1n }

/** The sum, by the complete formulas of RFC 8032 5.1.4 in affine form. */
function add(left: Point, right: Point): Point {
  const product = mod(D * left.x * right.x * left.y * right.y)
  return {
    x: mod((left.x * right.y + left.y * right.x) * invert(1n + product)),
    y: mod((left.y * right.y + left.x * right.x) * invert(1n - product)),
  }
}

function multiply(scalar: bigint, point: Point): Point {
  let result = NEUTRAL
  for (let double = point, rest = scalar; rest > 0n; rest >>= 1n, double = add(double, double)) {
    if (rest & 1n) result = add(result, double)
  }
  return result
}

const negate = ({ x, y }: Point): Point => ({ x: mod(-x), y })

/** The point with this y and an even x, or undefined when there is none. */
function lift(y: bigint): Point | undefined {
  const square = mod((y * y - 1n) * invert(D * y * y + 1n))
  let x = power(square, (P + 3n) / 8n)
  if (mod(x * x) !== square) x = mod(x * power(2n, (P - 1n) / 4n))
  if (mod(x * x) !== square) return undefined
  return { x: x & 1n ? P - x : x, y }
}

/** @throws when no point has this y. */
function pointAt(y: bigint): Point {
  const point = lift(y)
  if (point === undefined) throw new Error(`no point has y = ${y}`)
  return point
}

const BASE = pointAt(mod(4n * invert(5n)))

/** Compares the multiples of the base point in the contract with those of the formulas above. @throws when one differs. */
function checkTable(): void {
  const source = readFileSync(join(CONTRACTS, 'src/lib/Ed25519.sol'), 'utf8')
  const found = [...source.matchAll(/mstore\(add\(t, (\d+)\), (0x[0-9a-f]{64})\)/g)]
  const words = new Map(found.map(([, offset, value]) => [Number(offset), BigInt(value ?? 0)]))
  const half = (P + 1n) / 2n
  let multiple = NEUTRAL
  for (let i = 0; i <= TABLE; i++, multiple = add(multiple, BASE)) {
    const { x, y } = multiple
    const expected = [
      [3680 + 32 * i, mod((y - x) * half)],
      [3680 - 32 * i, mod((y + x) * half)],
      [4736 + 32 * i, mod(D * x * y)],
    ] as const
    for (const [offset, value] of expected) {
      // the neutral point has a zero, which is written shorter
      if (value !== 0n && words.get(offset) !== value) throw new Error(`multiple ${i} differs`)
    }
  }
}

/** 32 bytes, little-endian. */
function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(64, '0'), 'hex')).reverse()
}

function readLittleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(Uint8Array.from(bytes).reverse())}`)
}

const encode = ({ x, y }: Point): Uint8Array => littleEndian(y | ((x & 1n) << 255n))

/** A point of order eight and its multiples: the eight points of small order, the neutral one first. */
const SMALL = ((): Point[] => {
  for (let y = 2n; ; y++) {
    const point = lift(y)
    const small = point === undefined ? NEUTRAL : multiply(L, point)
    if (multiply(4n, small).y !== 1n) {
      return Array.from({ length: 8 }, (_, i) => multiply(BigInt(i), small))
    }
  }
})()

function sha512(...parts: Uint8Array[]): Uint8Array {
  return createHash('sha512')
    .update(concat(...parts))
    .digest()
}

/** 32 bytes that depend only on the label. */
function seeded(label: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(`ed25519-vectors/${label}`).digest())
}

const scalarOf = (label: string): bigint => mod(readLittleEndian(seeded(label)), L)

/** The hash that binds a signature, as a number below the group order (RFC 8032 5.1.7, step 2). */
function challenge(r: Uint8Array, publicKey: Uint8Array, message: Uint8Array): bigint {
  return mod(readLittleEndian(sha512(r, publicKey, message)), L)
}

interface Vector {
  readonly what: string
  readonly publicKey: Uint8Array
  readonly message: Uint8Array
  readonly r: Uint8Array
  readonly s: Uint8Array
}

const accepted: Vector[] = []
const refused: Vector[] = []

function says({ publicKey, message, r, s }: Vector): boolean {
  return verifySignature(publicKey, message, concat(r, s))
}

function accept(vector: Vector): void {
  if (!says(vector) || !equationHolds(vector)) throw new Error(`the node refuses: ${vector.what}`)
  accepted.push(vector)
}

function refuse(vector: Vector): void {
  if (says(vector)) throw new Error(`the node accepts: ${vector.what}`)
  refused.push(vector)
}

/** The same bytes with one bit changed. */
function flip(bytes: Uint8Array, bit: number): Uint8Array {
  return bytes.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
}

/** Whether the plain equation of RFC 8032 5.1.7 holds: what a verifier without rules on keys and R would say. */
function equationHolds({ publicKey, message, r, s }: Vector): boolean {
  const key = readLittleEndian(publicKey)
  const even = pointAt(mod(key & (2n ** 255n - 1n)))
  const point = key >> 255n === 0n ? even : negate(even)
  const h = challenge(r, publicKey, message)
  const expected = add(multiply(readLittleEndian(s), BASE), multiply(h, negate(point)))
  return toHex(encode(expected)) === toHex(r)
}

/** Refuses what only a rule of strictness refuses. */
function refuseThough(vector: Vector): void {
  if (!equationHolds(vector)) throw new Error(`not only strictness refuses: ${vector.what}`)
  refuse(vector)
}

/** Tries messages until `make` gives a vector. */
function search(label: string, make: (message: Uint8Array) => Vector | undefined): Vector {
  for (let i = 0; ; i++) {
    const vector = make(seeded(`${label}/${i}`))
    if (vector !== undefined) return vector
  }
}

function ordinaryVectors(): void {
  for (let i = 0; i < ORDINARY; i++) {
    const key = generateSigningKey(seeded(`seed/${i}`))
    const publicKey = new Uint8Array(key.publicKey)
    const message = seeded(`message/${i}`)
    const signature = key.sign(message)
    const r = signature.slice(0, 32)
    const s = signature.slice(32)
    const vector: Vector = { what: `ordinary ${i}`, publicKey, message, r, s }
    accept(vector)
    if (i >= BROKEN) continue
    const bit = seeded(`bit/${i}`)[0] ?? 0
    refuse({ ...vector, what: `bit ${bit} of the key changed`, publicKey: flip(publicKey, bit) })
    refuse({ ...vector, what: `bit ${bit} of the message changed`, message: flip(message, bit) })
    refuse({ ...vector, what: `bit ${bit} of R changed`, r: flip(r, bit) })
    refuse({ ...vector, what: `bit ${bit} of S changed`, s: flip(s, bit) })
    refuse({ ...vector, what: 'the sign of the key changed', publicKey: flip(publicKey, 255) })
    refuse({ ...vector, what: 'the sign of R changed', r: flip(r, 255) })
    for (const times of [1n, 2n, 14n]) {
      const larger = littleEndian(readLittleEndian(s) + times * L)
      refuseThough({ ...vector, what: `S + ${times}L`, s: larger })
    }
  }
}

/** Keys of small order: one signature stands for many messages, so the equation holds and only the rule on keys refuses. */
function smallOrderKeys(): void {
  const encodings = [0n, 1n, P - 1n, P, P + 1n, ...SMALL.filter((_, i) => i & 1).map(({ y }) => y)]
  for (const y of new Set(encodings)) {
    for (const sign of [0n, 1n]) {
      const publicKey = littleEndian(y | (sign << 255n))
      const even = pointAt(mod(y))
      const point = sign === (even.x & 1n) ? even : negate(even)
      // S = 0 makes R small as well, so that a rule on R would do; with another S only the rule on keys refuses
      for (const scalar of [0n, scalarOf(`small/${y}/${sign}`)]) {
        const commitment = multiply(scalar, BASE)
        refuseThough(
          search(`small/${y}/${sign}/${scalar}`, (message) => {
            for (const part of SMALL) {
              const r = encode(add(commitment, part))
              const expected = multiply(challenge(r, publicKey, message) % 8n, negate(point))
              if (expected.x !== part.x || expected.y !== part.y) continue
              const number = y < P ? y.toString() : `p + ${y - P}`
              const what = `key of small order, y = ${number}, sign ${sign}, S ${scalar === 0n ? '= 0' : 'not 0'}`
              return { what, publicKey, message, r, s: littleEndian(scalar) }
            }
            return undefined
          }),
        )
      }
    }
  }
}

/** Keys that are no canonical encoding of a point. */
function malformedKeys(): void {
  const [first] = accepted
  if (first === undefined) throw new Error('there is no ordinary vector')
  const { message, r, s } = first
  for (let y = P + 2n; y < 2n ** 255n; y++) {
    refuse({ what: `y = p + ${y - P}`, publicKey: littleEndian(y), message, r, s })
  }
  for (let i = 0, found = 0; found < 4; i++) {
    const y = mod(readLittleEndian(seeded(`off/${i}`)))
    if (lift(y) !== undefined) continue
    const publicKey = littleEndian(y | (BigInt(found++ & 1) << 255n))
    if (!isStrongKey(publicKey)) throw new Error('only the curve should be what is wrong with it')
    refuse({ what: 'no point of the curve', publicKey, message, r, s })
  }
}

/** Keys with a part of small order: plain and cofactored verification differ, and the plain one counts. */
function mixedKeys(): void {
  for (const [i, small] of SMALL.entries()) {
    if (i === 0) continue
    const secret = scalarOf(`mixed/${i}`)
    const publicKey = encode(add(multiply(secret, BASE), small))
    const nonce = scalarOf(`nonce/${i}`)
    const order = [1n, 8n, 4n, 8n, 2n, 8n, 4n, 8n][i] ?? 1n
    const sign = (message: Uint8Array, r: Uint8Array, what: string): Vector => {
      const h = challenge(r, publicKey, message)
      return { what, publicKey, message, r, s: littleEndian(mod(nonce + h * secret, L)) }
    }
    const r = encode(multiply(nonce, BASE))
    refuse(
      search(`differ/${i}`, (message) =>
        challenge(r, publicKey, message) % order === 0n
          ? undefined
          : sign(
              message,
              r,
              `key with a part of order ${order}, only the cofactored equation holds`,
            ),
      ),
    )
    accept(
      search(`agree/${i}`, (message) =>
        challenge(r, publicKey, message) % order === 0n
          ? sign(message, r, `key with a part of order ${order} that cancels`)
          : undefined,
      ),
    )
    // R carries the part of small order that the key brings in: the plain equation holds
    const carry = (message: Uint8Array, rest: bigint): Vector | undefined => {
      for (const part of SMALL) {
        const bytes = encode(add(multiply(rest, BASE), part))
        const h = challenge(bytes, publicKey, message)
        const expected = multiply(h % 8n, negate(small))
        if (part.y !== 1n && expected.x === part.x && expected.y === part.y) {
          const what = `key with a part of order ${order}, R ${rest === 0n ? 'is' : 'with'} one`
          return { what, publicKey, message, r: bytes, s: littleEndian(mod(rest + h * secret, L)) }
        }
      }
      return undefined
    }
    accept(search(`carry/${i}`, (message) => carry(message, nonce)))
    refuseThough(search(`bare/${i}`, (message) => carry(message, 0n)))
  }
}

/** R that stands for the right point in the wrong way, or for a neighbour of it. */
function malformedCommitments(): void {
  const secret = scalarOf('commitment')
  const publicKey = encode(multiply(secret, BASE))
  const message = seeded('commitment/message')
  const sign = (r: Uint8Array, nonce: bigint, what: string): Vector => {
    const s = littleEndian(mod(nonce + challenge(r, publicKey, message) * secret, L))
    return { what, publicKey, message, r, s }
  }
  refuseThough(sign(encode(NEUTRAL), 0n, 'R is the neutral point'))
  refuse(sign(littleEndian(P + 1n), 0n, 'R is the neutral point with y = p + 1'))
  refuse(sign(littleEndian(1n | (1n << 255n)), 0n, 'R is the neutral point with a sign'))
  accept(sign(encode(BASE), 1n, 'R is the base point'))
  for (const small of SMALL.slice(1)) {
    const nonce = scalarOf('commitment/nonce')
    refuse(sign(encode(add(multiply(nonce, BASE), small)), nonce, 'R with a part of small order'))
  }
}

/** The first bits of the fractional parts of the roots of the first primes (FIPS 180-4 4.2.3 and 5.3.5). */
function fractions(count: number, degree: bigint): string {
  const primes: number[] = []
  for (let n = 2; primes.length < count; n++) if (primes.every((prime) => n % prime)) primes.push(n)
  return primes
    .map((prime) => {
      const target = BigInt(prime) << (64n * degree)
      let root = 0n
      for (let bit = 1n << 70n; bit > 0n; bit >>= 1n)
        if ((root + bit) ** degree <= target) root += bit
      return (root & (2n ** 64n - 1n)).toString(16).padStart(16, '0')
    })
    .join('')
}

function solidity(): string {
  const word = (bytes: Uint8Array): string => `0x${toHex(bytes)}`
  const vectors = (name: string, doc: string, list: readonly Vector[]): string => {
    const lines = list.map(
      ({ what, publicKey, message, r, s }, i) =>
        `        v[${i}] = Vector("${what}", ${[publicKey, message, r, s].map(word).join(', ')});`,
    )
    return `    /// ${doc}
    function ${name}() internal pure returns (Vector[] memory v) {
        v = new Vector[](${list.length});
${lines.join('\n')}
    }`
  }
  const inputs = [
    new Uint8Array(96),
    new Uint8Array(96).fill(255),
    ...Array.from({ length: 14 }, (_, i) =>
      concat(seeded(`a/${i}`), seeded(`b/${i}`), seeded(`c/${i}`)),
    ),
  ]
  const digests = inputs.map((input, i) => {
    const output = sha512(input)
    return `        d[${i}] = Digest(${[
      input.subarray(0, 32),
      input.subarray(32, 64),
      input.subarray(64),
      output.subarray(0, 32),
      output.subarray(32),
    ]
      .map(word)
      .join(', ')});`
  })
  return `// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

// Generated by \`node scripts/ed25519-vectors.ts\`. Do not edit.

/// A signature over 32 bytes, and what is special about it.
struct Vector {
    string what;
    bytes32 publicKey;
    bytes32 message;
    bytes32 r;
    bytes32 s;
}

/// 96 bytes and their SHA-512.
struct Digest {
    bytes32 first;
    bytes32 second;
    bytes32 third;
    bytes32 high;
    bytes32 low;
}

library GeneratedEd25519Vectors {
    /// The round constants of SHA-512, eight bytes each (FIPS 180-4 4.2.3).
    bytes internal constant ROUND_CONSTANTS = hex"${fractions(80, 3n)}";

    /// The initial value of SHA-512, eight bytes each (FIPS 180-4 5.3.5).
    bytes internal constant INITIAL_VALUE = hex"${fractions(8, 2n)}";

${vectors('accepted', 'What the node accepts.', accepted)}

${vectors('refused', 'What the node refuses.', refused)}

    /// What node:crypto hashes.
    function digests() internal pure returns (Digest[] memory d) {
        d = new Digest[](${inputs.length});
${digests.join('\n')}
    }
}
`
}

checkTable()
ordinaryVectors()
smallOrderKeys()
malformedKeys()
mixedKeys()
malformedCommitments()
writeFileSync(TARGET, solidity())
process.stdout.write(`${accepted.length} accepted, ${refused.length} refused: ${TARGET}\n`)
