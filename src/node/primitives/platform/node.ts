/** {@link Platform} on Node: node:crypto and the monotonic clock anchored to the wall clock. */
import { createHash, hash, randomFillSync } from 'node:crypto'
import type { Platform } from './platform.ts'

// Date.now() alone is too coarse for the clock of a guest: take nanoseconds from the monotonic clock and
// re-anchor whenever it and the wall clock part by more than 50 ms (suspend, NTP step).
/** How far the two may part, ns. */
const REANCHOR_NS = 50_000_000n
let anchorNs = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint()

/** The same bytes as a plain array: `slice()` of a Buffer would share memory. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)
}

export const platform: Platform = {
  sha256(...parts) {
    const [only] = parts
    if (parts.length === 1 && only !== undefined) {
      return plain(hash('sha256', only, { outputEncoding: 'buffer' }))
    }
    const state = createHash('sha256')
    for (const part of parts) state.update(part)
    return plain(state.digest())
  },
  // a fifth of the time that @scure/base takes for 32 bytes: 0.19 for 0.89 µs
  toHex: (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex'),
  randomBytes(length) {
    return randomFillSync(new Uint8Array(length))
  },
  wallNs() {
    const wall = BigInt(Date.now()) * 1_000_000n
    let now = anchorNs + process.hrtime.bigint()
    const drift = now - wall
    if (drift > REANCHOR_NS || drift < -REANCHOR_NS) {
      anchorNs += wall - now
      now = wall
    }
    return now
  },
  monotonicMs: () => Number(process.hrtime.bigint()) / 1e6,
}
