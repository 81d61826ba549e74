/**
 * The principal of a key: SHA-224 of its DER and a 2, with a check sum before it, as base 32 in groups of five.
 * @see https://internetcomputer.org/docs/references/ic-interface-spec#textual-ids
 */

/** Text of the principal of a key. @param der at most a few hundred bytes */
export function principalOf(der: Uint8Array): string {
  const bytes = Uint8Array.of(...sha224(der), 2)
  const sum = crc32(bytes)
  const text = base32(Uint8Array.of(sum >>> 24, sum >>> 16, sum >>> 8, sum, ...bytes))
  return text.match(/.{1,5}/g)?.join('-') ?? ''
}

/** First 32 bits of the fractions of the square roots of the primes 23 to 53 in their second half (FIPS 180-4, 5.3.2). */
const START = [
  0xc1059ed8, 0x367cd507, 0x3070dd17, 0xf70e5939, 0xffc00b31, 0x68581511, 0x64f98fa7, 0xbefa4fa4,
]

/** First 32 bits of the fractions of the cube roots of the first 64 primes (FIPS 180-4, 4.2.2). */
const ROUND = Uint32Array.from(primes(64), (prime) => fraction(prime))

function primes(count: number): number[] {
  const found: number[] = []
  for (let n = 2; found.length < count; n++)
    if (!found.some((prime) => n % prime === 0)) found.push(n)
  return found
}

/** floor(cbrt(n) * 2^32) mod 2^32, exact. */
function fraction(n: number): number {
  const target = BigInt(n) << 96n
  let root = BigInt(Math.floor(Math.cbrt(n) * 2 ** 32))
  while (root ** 3n > target) root--
  while ((root + 1n) ** 3n <= target) root++
  return Number(root & 0xffffffffn)
}

/** FIPS 180-4, 6.3. Browsers' own cryptography has no SHA-224. */
export function sha224(message: Uint8Array): Uint8Array {
  const padded = new Uint8Array(((message.length + 8) >> 6) * 64 + 64)
  padded.set(message)
  padded[message.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(padded.length - 4, message.length * 8)
  const state = Uint32Array.from(START)
  for (let at = 0; at < padded.length; at += 64) compress(state, view, at)
  const out = new DataView(new ArrayBuffer(28))
  for (let i = 0; i < 7; i++) out.setUint32(i * 4, state[i] ?? 0)
  return new Uint8Array(out.buffer)
}

function compress(state: Uint32Array, view: DataView, at: number): void {
  const rotate = (x: number, by: number): number => (x >>> by) | (x << (32 - by))
  const words = new Uint32Array(64)
  const word = (i: number): number => words[i] ?? 0
  for (let i = 0; i < 16; i++) words[i] = view.getUint32(at + i * 4)
  for (let i = 16; i < 64; i++) {
    const [x, y] = [word(i - 15), word(i - 2)]
    const s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3)
    const s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10)
    words[i] = word(i - 16) + s0 + word(i - 7) + s1
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state
  for (let i = 0; i < 64; i++) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
    const first = (h + s1 + ((e & f) ^ (~e & g)) + (ROUND[i] ?? 0) + word(i)) | 0
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
    const second = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
    ;[h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0]
  }
  for (const [i, value] of [a, b, c, d, e, f, g, h].entries()) state[i] = (state[i] ?? 0) + value
}

/** ISO 3309, as in zip. */
function crc32(bytes: Uint8Array): number {
  let crc = -1
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}

/** RFC 4648 6, in lower case and without padding. */
function base32(bytes: Uint8Array): string {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('')
  const groups = bits.match(/.{1,5}/g) ?? []
  return groups
    .map((group) => 'abcdefghijklmnopqrstuvwxyz234567'[Number.parseInt(group.padEnd(5, '0'), 2)])
    .join('')
}
