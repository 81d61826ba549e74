/** The anchor suite, as mocha runs it, over our contracts on a local network that writes down what is simulated. */
import { Keypair } from '@stellar/stellar-sdk'
import Mocha from 'mocha'
import { deployedOn } from '../../../src/cli/chains/shared/local-chain.ts'
import { deployOn } from '../../../src/cli/chains/stellar/local-chain.ts'
import type { ChainInit } from '../../../src/devnet/stellar/chain/chain.ts'
import { startStellarServer } from '../../../src/devnet/stellar/rpc/server.ts'
import { controlsBy } from '../../../src/devnet/stellar/controls.ts'
import {
  DEFAULT_BALANCE,
  DEFAULT_HOST,
  DEFAULT_PASSPHRASE,
  MAX_BODY_BYTES,
  RETENTION_LEDGERS,
  type StellarDevnet,
} from '../../../src/devnet/stellar/index.ts'
import { parametersOf } from '../../../src/devnet/stellar/parameters.ts'
import { utf8 } from '../../../src/node/primitives/bytes.ts'
import { systemClock } from '../../../src/node/primitives/clock.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import { anchorSuite } from '../../compliance/anchor-suite.ts'
import { chainHarness } from '../../compliance/chain-harness.ts'
import { startStellarTestChain } from '../../support/stellar.ts'
import { type Recording, RecordingChain } from './recording.ts'

/** The chain answers in this process: a test takes longer than where it has a thread. */
const TEST_TIMEOUT_MS = 120_000

/** One deploys, the others are for nodes. */
const ACCOUNTS = 10

export interface SuiteReport {
  readonly passed: number
  readonly failed: number
}

/** @param grep text of the tests to run; undefined: all */
export async function runSuite(
  recording: Recording,
  grep: string | undefined,
  onFailure: (line: string) => void,
): Promise<SuiteReport> {
  await using chain = await startStellarTestChain(async () =>
    deployedOn(await startRecorded(recording), deployOn),
  )
  const mocha = new Mocha({ timeout: TEST_TIMEOUT_MS, ...(grep === undefined ? {} : { grep }) })
  mocha.reporter(Mocha.reporters.Base) // prints nothing
  mocha.suite.emit(Mocha.Suite.constants.EVENT_FILE_PRE_REQUIRE, globalThis, '', mocha)
  anchorSuite('stellar', () => chainHarness(chain))
  const counts = { passed: 0, failed: 0 }
  await new Promise<void>((resolve) => {
    mocha
      .run(() => resolve())
      .on('pass', () => counts.passed++)
      .on('fail', (test, error: Error) => {
        counts.failed++
        onFailure(`failed: ${test.fullTitle()}: ${error.message}`)
      })
  })
  return counts
}

/** The local network in this process. */
async function startRecorded(recording: Recording): Promise<StellarDevnet> {
  const keys = (index: number): Keypair =>
    Keypair.fromRawEd25519Seed(Buffer.from(sha256(utf8(`oracle ${index}`))))
  const [first, ...rest] = [keys(0), ...Array.from({ length: ACCOUNTS - 1 }, (_, i) => keys(i + 1))]
  const init: ChainInit = {
    ...{ passphrase: DEFAULT_PASSPHRASE, seed: '', mode: 'instant' },
    ...{ parameters: parametersOf({}), retentionLedgers: RETENTION_LEDGERS },
    accounts: [first, ...rest].map((one) => ({
      ...{ publicKey: new Uint8Array(one.rawPublicKey()), balance: DEFAULT_BALANCE },
    })),
    now: () => Math.floor(systemClock.nowMs() / 1000),
    isTimeHeld: false,
  }
  const chain = new RecordingChain(init, recording)
  const server = await startStellarServer({
    ...{ chain, host: DEFAULT_HOST, port: 0, maxBodyBytes: MAX_BODY_BYTES },
  })
  const url = `http://${DEFAULT_HOST}:${server.port}`
  const stop = (): Promise<void> => server.close()
  const own = (one: Keypair): StellarDevnet['accounts'][0] => ({
    ...{ publicKey: one.publicKey(), secret: one.secret() },
  })
  const { signal } = new AbortController()
  return {
    ...{ url, friendbotUrl: `${url}/friendbot`, networkPassphrase: DEFAULT_PASSPHRASE },
    accounts: [own(first), ...rest.map(own)],
    ...controlsBy(async (method, params) => {
      const answer = await server.answer(method, params, signal)
      if ('error' in answer) throw new RangeError(JSON.stringify(answer.error))
      return answer.result
    }),
    ...{ stop, [Symbol.asyncDispose]: stop },
  }
}
