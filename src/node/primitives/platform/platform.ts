/**
 * What the portable rooms need of the machine they run on. `primitives`, `codec`, `dag`, `storage` and `client` import nothing of Node;
 * they import this port as `#platform`, and the package's `imports` conditions choose the implementation.
 */
export interface Platform {
  /** SHA-256 of the concatenated parts, 32 bytes. */
  sha256(...parts: readonly Uint8Array[]): Uint8Array
  /** Lower-case hexadecimal: what maps of ids are keyed by, many times a delta. */
  toHex(bytes: Uint8Array): string
  /** Bytes from the system's secure source. */
  randomBytes(length: number): Uint8Array
  /** Nanoseconds since the Unix epoch, wall clock, finer than a millisecond where the machine can. */
  wallNs(): bigint
  /** Milliseconds since any moment, the same for all threads; never goes back and is set by nobody. */
  monotonicMs(): number
}
