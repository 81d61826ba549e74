/** What somebody who means no good makes of frames, and how much of the processor reading them takes. */
import { isMerogateError } from '../../src/node/errors.ts'
import type { seededRandom } from './hand-clock.ts'

const LARGE_BYTES = 32_768
/** A frame that took longer is read again so often: what was the collector's fault, or the machine's, does not happen each time. */
const AGAIN = 20

type Random = ReturnType<typeof seededRandom>

/** A frame, or what somebody makes of one who means no good. */
function spoilt(frame: Uint8Array, random: Random): Uint8Array {
  const below = (max: number): number => random.below(max)
  const bytes = Uint8Array.from(frame)
  const flip = (times: number): void => {
    for (let i = 0; i < times && bytes.length > 0; i++) bytes[below(bytes.length)] = below(256)
  }
  switch (below(7)) {
    case 0:
      return bytes
    case 1:
      flip(1)
      return bytes
    case 2:
      flip(16)
      return bytes
    case 3: // a count or a length that lies
      if (bytes.length >= 4)
        new DataView(bytes.buffer).setUint32(below(bytes.length - 3), below(2 ** 32))
      return bytes
    case 4:
      return bytes.subarray(0, below(bytes.length + 1))
    case 5:
      return Uint8Array.of(...bytes.subarray(0, 64), ...random.bytes(below(512)))
    default:
      return random.bytes(below(4_096))
  }
}

async function cpuUs(work: () => unknown): Promise<number> {
  const start = process.threadCpuUsage()
  try {
    const result = work()
    if (result instanceof Promise) await result
  } catch (error) {
    if (!isMerogateError(error)) throw error
  }
  const { user, system } = process.threadCpuUsage(start)
  return user + system
}

/** The most that reading one of these frames, and of so many that are spoilt, took of this thread's processor, us. @param maxUs a frame that takes more is read again */
export async function slowestUs(
  read: (bytes: Uint8Array) => unknown,
  seeds: readonly Uint8Array[],
  { frames, maxUs, random }: { frames: number; maxUs: number; random: Random },
): Promise<number> {
  let slowest = 0
  const time = async (frame: Uint8Array): Promise<void> => {
    let us = await cpuUs(() => read(frame))
    for (let again = 0; us > maxUs && again < AGAIN; again++)
      us = Math.min(us, await cpuUs(() => read(frame)))
    slowest = Math.max(slowest, us)
  }
  for (const seed of seeds) await time(seed)
  for (let i = 0; i < frames; i++) {
    // large ones now and then: most of their time goes into making them
    const large = i % 64 === 0 || seeds.every(({ length }) => length > LARGE_BYTES)
    const some = large ? seeds : seeds.filter(({ length }) => length <= LARGE_BYTES)
    await time(spoilt(some[random.below(some.length)] ?? new Uint8Array(), random))
  }
  return slowest
}
