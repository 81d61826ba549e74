/** The rows of the conformance list on a chain that somebody runs: those whose tests need no time that is moved, each on canisters of its own. */
import Mocha from 'mocha'
import { rowsIn, rowsOf } from '../../../scripts/support/conformance.ts'
import { blsVerify } from '../../../src/chains/icp/rpc/agent.ts'
import type { IcpService } from '../../../src/chains/icp/service.ts'
import { systemClock } from '../../../src/node/primitives/clock.ts'
import type { HarnessClock } from '../../compliance/anchor-bench.ts'
import { anchorSuite } from '../../compliance/anchor-suite.ts'
import { chainHarness, type TestChain } from '../../compliance/chain-harness.ts'
import { makeCanister, openService, type Place } from '../../support/icp-chain.ts'
import type { IcpHands } from '../../support/icp-devnet.ts'

/** Longest time that is waited for, where a test moves the clock, s. */
const MAX_WAIT_SECONDS = 5
/** Time for one test: a call takes as long as a round, and some tests make dozens. */
const TEST_MS = 600_000

/** A test moves the clock, which nobody does on such a chain. */
class NeedsClock extends Error {
  override readonly name = 'NeedsClock'
}

/** What was run, by rows; tests without a row are not counted. */
export interface SuiteReport {
  /** All of their tests passed. */
  readonly passed: readonly number[]
  /** Some of their tests passed, and others need a clock that is moved. */
  readonly partly: readonly number[]
  /** All of their tests need a clock that is moved. */
  readonly needsClock: readonly number[]
  /** Their tests stand elsewhere, with the local chain's own means. */
  readonly elsewhere: readonly number[]
  readonly failed: readonly string[]
}

/** @param rows what titles of tests to run have in them; all are run where it is left out */
export async function runSuite(
  place: Place & IcpHands,
  url: string,
  rows: string | undefined,
): Promise<SuiteReport> {
  const named = rows === undefined ? {} : { fgrep: rows }
  const mocha = new Mocha({ timeout: TEST_MS, ...named })
  mocha.reporter(Mocha.reporters.Base) // prints nothing: the report does
  mocha.suite.emit(Mocha.Suite.constants.EVENT_FILE_PRE_REQUIRE, globalThis, '', mocha)
  const chain = replicaChain(place, url)
  anchorSuite('icp', async () => chainHarness(chain))
  const [passed, clock] = [new Set<number>(), new Set<number>()]
  const failed: string[] = []
  let done = 0
  await new Promise<void>((resolve) => {
    mocha
      .run(() => resolve())
      .on('test end', () => {
        if (++done % 10 === 0) process.stderr.write(`oracle icp: ${done} tests of the suite\n`)
      })
      .on('pass', ({ title }) => rowsIn(title).forEach((row) => passed.add(row)))
      .on('fail', (test, error: Error) => {
        if (error instanceof NeedsClock) rowsIn(test.title).forEach((row) => clock.add(row))
        else failed.push(`${test.title}: ${error.message}`)
      })
  })
  const all = rowsOf('icp')
  const isFailed = (row: number): boolean => failed.some((title) => rowsIn(title).includes(row))
  const whole = all.filter((row) => !isFailed(row))
  return {
    passed: whole.filter((row) => passed.has(row) && !clock.has(row)),
    partly: whole.filter((row) => passed.has(row) && clock.has(row)),
    needsClock: whole.filter((row) => !passed.has(row) && clock.has(row)),
    elsewhere: whole.filter((row) => !passed.has(row) && !clock.has(row)),
    failed,
  }
}

/** Canisters that are new for each test, since nothing takes a chain back. */
function replicaChain(place: Place & IcpHands, url: string): TestChain<IcpService> {
  let contracts = { contexts: '', packages: '' }
  return {
    ...{ protocol: 'icp', network: 'local', url },
    get contract() {
      return contracts.contexts
    },
    key: () => '',
    async reset() {
      const [contexts, packages] = [
        await makeCanister(place, 'contexts'),
        await makeCanister(place, 'packages'),
      ]
      contracts = { contexts, packages }
    },
    clock: async () => realClock(),
    open: () => openService(place, contracts, [url, url], { verify: blsVerify }),
    events: (service) => service.readEvents(),
    packageEvents: async ({ packages }) => (await packages?.readEvents()) ?? [],
    stop: async () => {},
    async [Symbol.asyncDispose]() {},
  }
}

/** Time that goes by, and is waited for where that is short. */
function realClock(): HarnessClock {
  return {
    ...systemClock,
    async advance(seconds) {
      if (seconds > MAX_WAIT_SECONDS) throw new NeedsClock(`expected ${seconds} s to go by`)
      await new Promise((resolve) => setTimeout(resolve, 1000 * seconds))
    },
    at(second) {
      throw new NeedsClock(`expected the next request to be judged at ${second}`)
    },
  }
}
