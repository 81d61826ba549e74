/**
 * The hybrid logical clock that stamps deltas. A timestamp is 24 bytes: u64 LE time, u128 LE id (non-zero). Time is NTP64: upper 32 bits
 * seconds since the Unix epoch, lower 32 bits fraction of a second, of which the low 16 bits are a logical counter (15.3 µs a step).
 * The counter carries into the upper bits, so time never goes back. Order: (time, id). Layout as in calimero-network/core:
 * crates/storage/src/logical_clock.rs.
 */

/** Bytes of a timestamp. */
export const HLC_BYTES = 24
/** A timestamp further ahead of our clock than this waits until it is due, ms (calimero-network/core accepts 5 s). */
export const HLC_MAX_AHEAD_MS = 5_000

const NS = 1_000_000_000n
const COUNTER_MASK = 0xffffn

/** NTP64 of nanoseconds since the epoch, rounded down. */
export function ntp64(ns: bigint): bigint {
  return ((ns / NS) << 32n) | (((ns % NS) << 32n) / NS)
}

/** Nanoseconds since the epoch of an NTP64 time, rounded up, so that it is never below a reading that `ntp64` was made of. */
export function ntp64ToNs(time: bigint): bigint {
  return (time >> 32n) * NS + (((time & 0xffffffffn) * NS + 0xffffffffn) >> 32n)
}

/** The time part of a 24-byte timestamp. */
export function hlcTime(hlc: Uint8Array): bigint {
  return new DataView(hlc.buffer, hlc.byteOffset, HLC_BYTES).getBigUint64(0, true)
}

/** Order of two timestamps: time, then id. */
export function compareHlc(a: Uint8Array, b: Uint8Array): number {
  const x = hlcTime(a)
  const y = hlcTime(b)
  if (x !== y) return x < y ? -1 : 1
  for (let i = HLC_BYTES - 1; i >= 8; i--) {
    const difference = (a[i] as number) - (b[i] as number) // both have HLC_BYTES
    if (difference !== 0) return difference
  }
  return 0
}

/** The oldest timestamp. */
export const HLC_ZERO: Uint8Array = new Uint8Array(HLC_BYTES)

/**
 * A timestamp of `author`: the present, `nowNs`, or the next one after it that lies above the timestamp `after` and the reading `aboveNs`. Given the
 * newest timestamp of what is stored where it is to be used, it repeats nothing that is stored there, and no other place's clock moves it.
 */
export function nextHlc(
  author: Uint8Array,
  nowNs: bigint,
  after: Uint8Array = HLC_ZERO,
  aboveNs = 0n,
): Uint8Array {
  let time = ntp64(nowNs) & ~COUNTER_MASK
  const last = hlcTime(after)
  const above = aboveNs === 0n ? 0n : ntp64(aboveNs) + 1n
  if (time <= last) time = last + 1n
  if (time < above) time = above
  const out = new Uint8Array(HLC_BYTES)
  new DataView(out.buffer).setBigUint64(0, time, true)
  out.set(author.subarray(0, 16), 8)
  if (out.subarray(8).every((byte) => byte === 0)) out[8] = 1
  return out
}
