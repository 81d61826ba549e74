/**
 * `npm run oracle stellar`: what the local Stellar network simulates, simulated once more on the host that its nodes have, with its own fees: random calls of
 * contracts that are there for that, and everything that the anchor suite asks of our contracts through the adapter. Value or error, footprint, written and
 * read bytes, and events have to be the same, and what the suite takes of instructions within a tenth; memory and fees are compared as shares. It needs cargo
 * 1.95 or later, and is skipped aloud without; the host is built from the registry's sources, which takes some five minutes of a processor the first time.
 */
import { spawnSync } from 'node:child_process'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { drain } from '../../../scripts/support/drain.ts'
import { askProgram, compare, type Compared } from './compare.ts'
import { play } from './play.ts'
import { Recording } from './recording.ts'
import { runSuite } from './suite.ts'

/** First version of Rust that the host is built with. */
const RUST: readonly [number, number] = [1, 95]
const DEFAULT_CALLS = 400

const HELP = `usage: npm run oracle stellar [-- --suite] [--calls N] [--seed N] [--grep TEXT] [--all]
  --suite      the anchor suite over our contracts, without random calls
  --calls N    random calls, so many, without the suite; default: ${DEFAULT_CALLS}, and the suite
  --seed N     what random calls follow from; default: 1
  --grep TEXT  of the suite, what has this in its name
  --all        tells of every call, not only of those that differ`

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** Builds the program; undefined, with the reason said, where that cannot be. */
function build(): string | undefined {
  const version = spawnSync('cargo', ['--version'], { encoding: 'utf8' })
  const [, major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(version.stdout ?? '') ?? []).map(Number)
  if (major < RUST[0] || (major === RUST[0] && minor < RUST[1])) {
    const got = version.error === undefined ? version.stdout.trim() : 'none'
    say(`oracle stellar: skipped: it needs cargo ${RUST.join('.')} or later, got ${got}`)
    return undefined
  }
  const folder = import.meta.dirname
  say('building the host: some five minutes of a processor the first time')
  const built = spawnSync('cargo', ['build', '--locked'], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const target = process.env['CARGO_TARGET_DIR'] ?? join(folder, 'target')
  if (built.status === 0) return join(target, 'debug/oracle-stellar')
  process.exitCode = 1
  say(`oracle stellar: failed: ${relative(process.cwd(), folder)} cannot be built`)
  return undefined
}

export async function oracleStellar(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      suite: { type: 'boolean', default: false },
      calls: { type: 'string' },
      seed: { type: 'string', default: '1' },
      grep: { type: 'string' },
      all: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    say(HELP)
    return
  }
  const program = build()
  if (program === undefined) return
  const { suite: isSuite, calls, seed, grep, all } = values
  const answersOf = (recording: Recording): Promise<Compared> =>
    compare(askProgram(program, recording), recording, say, all)
  if (!isSuite || calls !== undefined) {
    using recording = await Recording.open()
    play(recording, Number(calls ?? DEFAULT_CALLS), Number(seed))
    // what the suite never does may cost other than there: it is told of, and no failure
    report('random calls', recording, await answersOf(recording), Infinity)
  }
  if (isSuite || calls === undefined) {
    using recording = await Recording.open()
    const { passed, failed } = await runSuite(recording, grep, say)
    say(`oracle stellar: the suite: ${passed} tests passed, ${failed} failed; asking the host`)
    if (failed > 0 || passed === 0) process.exitCode = 1
    report('the suite', recording, await answersOf(recording), 0)
    drain()
  }
}

/** Says what came of it, and ends with 1 where anything is not as it has to be. @param mayBeOff calls whose instructions are off */
function report(
  name: string,
  { left }: Recording,
  { simulations, same, refused, off, shares, calls }: Compared,
  mayBeOff: number,
): void {
  const [instructions, memory, fees] = [shares.instructions, shares.memory, shares.fee].map(
    ([least, most, median]) => `${least} to ${most}, median ${median}`,
  )
  say(
    `oracle stellar: ${name}: ${simulations} simulations: ${same} with the same value or error, footprint, bytes and events, ${refused} of them errors; ` +
      `instructions here of those there ${instructions}, ${off} off by more than a tenth; memory ${memory}; fees ${fees}`,
  )
  const counts = { simulations, same, refused, off, left: left.length }
  say(JSON.stringify({ oracle: 'stellar', of: name, ...counts, ...shares, calls }))
  if (left.length > 0) say(`oracle stellar: ${name}: not asked: ${[...new Set(left)].join()}`)
  const isFine = simulations > 0 && same === simulations && off <= mayBeOff && left.length === 0
  if (!isFine) process.exitCode = 1
}
