/** What was recorded, asked of the other host: what is the same, and how far what is counted differs. */
import { spawn } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
import { fromBase64 } from '../../../src/devnet/stellar/codec/text.ts'
import { toHex } from '../../../src/node/primitives/bytes.ts'
import type { Answered, Recording, Told } from './recording.ts'

/** Calls whose instructions are off by more are told of. */
const TOLERANCE = 0.1
/** Says how far it is whenever so many are done. */
const PROGRESS = 500
const COUNTED = ['instructions', 'memory', 'fee'] as const

/** From the least to the most, and the one in the middle. */
type Spread = readonly [least: number, most: number, median: number]

export interface Compared {
  readonly simulations: number
  /** Of these, with the same value or error, footprint, bytes and events. */
  readonly same: number
  /** Of these, those that failed, in the same way. */
  readonly refused: number
  /** With instructions that are off by more than a tenth. */
  readonly off: number
  /** What is counted here as a part of that there. */
  readonly shares: Readonly<Record<(typeof COUNTED)[number], Spread>>
  /** How often what was called. */
  readonly calls: Readonly<Record<string, number>>
}

/** What the program, built, answers to all that was asked, a line for each call. @throws what the system says where it cannot be run */
export async function* askProgram(
  program: string,
  { questions }: Recording,
): AsyncGenerator<string> {
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] })
  // one that ended reads nothing more, and what it did not answer is missing
  const asked = pipeline(createReadStream(questions), child.stdin).catch(() => {})
  yield* createInterface(child.stdout)
  await asked
}

/** @param answers of the other host @param say told of each call that differs; of all with `isTellingAll` */
export async function compare(
  answers: AsyncIterable<string>,
  recording: Recording,
  say: (line: string) => void,
  isTellingAll: boolean,
): Promise<Compared> {
  const there = answers[Symbol.asyncIterator]()
  const counts = { simulations: 0, same: 0, refused: 0, off: 0 }
  const ratios = { instructions: [] as number[], memory: [] as number[], fee: [] as number[] }
  const calls: Record<string, number> = {}
  for await (const line of createInterface(createReadStream(recording.answers))) {
    const { name, told } = JSON.parse(line) as Answered // our own file
    if (++counts.simulations % PROGRESS === 0)
      process.stderr.write(`${counts.simulations} answers\n`)
    calls[name] = (calls[name] ?? 0) + 1
    const next = await there.next()
    if (next.done === true) continue
    const real = JSON.parse(next.value) as Told // as the program beside this writes it
    if (isSame(told, real)) {
      counts.same++
      if (told.error !== null) counts.refused++
    } else say(`different: ${name} ${differences(told, real)}`)
    for (const field of COUNTED) if (real[field] > 0) ratios[field].push(told[field] / real[field])
    const isOff = Math.abs(told.instructions / real.instructions - 1) > TOLERANCE
    if (isOff) counts.off++
    if (isOff || isTellingAll) {
      const of = told.error === null ? name : `${name}, ${told.error}`
      const pairs = COUNTED.map((field) => `${field} ${told[field]} there ${real[field]}`)
      say(`${isOff ? 'off' : 'within'}: ${of}: ${pairs.join(', ')}`)
    }
  }
  const shares = {
    ...{ instructions: spread(ratios.instructions), memory: spread(ratios.memory) },
    fee: spread(ratios.fee),
  }
  return { ...counts, shares, calls }
}

function spread(ratios: readonly number[]): Spread {
  const sorted = Float64Array.from(ratios).sort()
  const at = (share: number): number => {
    const index = Math.min(sorted.length - 1, Math.floor(sorted.length * share))
    return Math.round((sorted[index] ?? 1) * 1000) / 1000
  }
  return [at(0), at(1), at(0.5)]
}

/** The end of a key of a number that was signed: kind, number, durability. */
const NONCE = /00000015[0-9a-f]{16}00000000$/

/** Keys in an order of their own, with numbers of signatures left out: each side draws its own. */
function keysOf(keys: readonly string[]): string {
  const all = keys.map((key) => toHex(fromBase64(key)).replace(NONCE, 'nonce'))
  return all.sort().join()
}

function isSame(a: Told, b: Told): boolean {
  return (
    (a.error ?? '').replace(' ', '') === (b.error ?? '').replace(' ', '') &&
    a.value === b.value &&
    keysOf(a.read_only) === keysOf(b.read_only) &&
    keysOf(a.read_write) === keysOf(b.read_write) &&
    a.read_bytes === b.read_bytes &&
    a.write_bytes === b.write_bytes &&
    a.events.join() === b.events.join()
  )
}

/** What differs, here and there. */
function differences(here: Told, there: Told): string {
  const fields = Object.entries(here).flatMap(([name, own]) => {
    const other: unknown = there[name as keyof Told] // names of its own
    const isEqual = JSON.stringify(own) === JSON.stringify(other)
    const isShare = COUNTED.some((field) => field === name)
    return isEqual || isShare ? [] : [`${name} ${JSON.stringify(own)} ${JSON.stringify(other)}`]
  })
  return fields.join('; ')
}
