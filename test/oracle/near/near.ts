/**
 * `npm run oracle near`: random requests to the committed contracts on the local NEAR chain, replayed on the virtual machine that NEAR's nodes have. Outcome, logs
 * and answer have to be the same, and gas to differ by whole operations of WebAssembly only: so every fee of a host function is exact. It needs
 * cargo 1.95 or later, and is skipped aloud without; the machine is built from the registry's sources, which takes some twelve minutes of a processor the
 * first time, the rest some seconds. Three fees of storage are left out, because the one that the machine is given for tests asks for none of them: nodes of a tree that are touched, and bytes
 * that were there before a write or a removal.
 */
import { spawn, spawnSync } from 'node:child_process'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { ContractCache } from '../../../src/devnet/near/vm/contract.ts'
import { PROTOCOL_88 } from '../../../src/devnet/near/parameters.ts'
import { runCall } from '../../../src/devnet/near/vm/run.ts'
import { toHex, utf8 } from '../../../src/node/primitives/bytes.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import { creation } from '../../compliance/anchor-support.ts'
import { CorePackagePair, CorePair } from '../../contracts/core/core-pair.ts'
import { ChainRules } from '../../contracts/near/chain-rules.ts'
import { beginPackages, packageStepBy, takePackage } from '../../contracts/shared/package-steps.ts'
import { A, FIRST, stepBy, take } from '../../contracts/shared/steps.ts'
import {
  type By,
  type ContractName,
  moduleBytes,
  NearBench,
  NETWORK,
  type Outcome,
  PAYER,
} from '../../support/near-contracts.ts'

const PROTOCOL = 88
/** First version of Rust that the machine is built with. */
const RUST: readonly [number, number] = [1, 95]
/** Gas of an operation of WebAssembly: what the machine counts and the chain here does not is a whole number of them. */
const OPERATION_GAS = 822_756n
const GAS = 300_000_000_000_000n
const STEPS = 25
const HEIGHT = 10
const BALANCE = 50n * 10n ** 24n
const STORAGE = 300_000n

/** The chain's parameters, but for what the storage that the machine is given here does not ask for: nodes of a tree, and bytes that were there before. */
const PARAMETERS = {
  ...PROTOCOL_88,
  host: {
    ...PROTOCOL_88.host,
    ...{
      touching_trie_node: 0n,
      storage_write_evicted_byte: 0n,
      storage_remove_ret_value_byte: 0n,
    },
  },
}

interface RecordedCall {
  readonly method: string
  readonly args: Uint8Array
  readonly caller: string
  readonly deposit: bigint
  /** Nanoseconds. */
  readonly time: bigint
}

type Recorded = RecordedCall | { readonly key: Uint8Array; readonly value: Uint8Array | undefined }

/** What was asked of one contract from its beginning. */
interface Recording {
  readonly contract: ContractName
  readonly account: string
  readonly steps: Recorded[]
}

class RecordingBench extends NearBench {
  readonly recording: Recording

  constructor(contract: ContractName) {
    super()
    const args = utf8(JSON.stringify({ network: NETWORK, predecessor: null }))
    const begin = { method: 'new', args, caller: 'test.near', deposit: 0n, time: this.#time }
    this.recording = { contract, account: `${contract}.test.near`, steps: [begin] }
  }

  get #time(): bigint {
    return this.now * 1_000_000_000n
  }

  override call(account: string, method: string, args: Uint8Array, by: By = {}): Outcome {
    const { by: caller = PAYER, deposit = 0n } = by
    this.recording.steps.push({ method, args, caller, deposit, time: this.#time })
    return super.call(account, method, args, by)
  }

  override plant(account: string, key: Uint8Array, value: Uint8Array | undefined): void {
    this.recording.steps.push({ key, value })
    super.plant(account, key, value)
  }
}

/** What a call came to. */
interface Told {
  readonly gas: bigint
  /** What it panicked with, or whatever else it failed by. */
  readonly error: string | undefined
  readonly logs: readonly string[]
  readonly value: string
}

async function recordContexts(sequences: number, seed: number): Promise<Recording[]> {
  const steps = fc.noBias(fc.array(stepBy(['ed25519']), { minLength: STEPS, maxLength: STEPS }))
  const made: Recording[] = []
  for (const list of fc.sample(steps, { numRuns: sequences, seed })) {
    const bench = new RecordingBench('contexts')
    const rules = new ChainRules('contexts', bench)
    const pair = new CorePair({ rules, successor: utf8('successor.test.near') })
    const first = { subject: FIRST, signer: A.publicKey, nonce: 0n, validUntil: pair.now + 60n }
    await pair.submit({ ...first, operation: creation() }, { door: 'ed25519', signWith: A })
    for (const step of list) await take(pair, step)
    made.push(bench.recording)
  }
  return made
}

async function recordPackages(sequences: number, seed: number): Promise<Recording[]> {
  const steps = fc.array(packageStepBy(['ed25519']), { minLength: STEPS, maxLength: STEPS })
  const made: Recording[] = []
  const lists = fc.sample(fc.noBias(steps), { numRuns: sequences, seed })
  for (const [number, list] of lists.entries()) {
    const bench = new RecordingBench('packages')
    const pair = new CorePackagePair(new ChainRules('packages', bench))
    const [first] = list
    if (first !== undefined) await beginPackages(pair, first, number % 4 === 0)
    for (const step of list) await takePackage(pair, step)
    made.push(bench.recording)
  }
  return made
}

/** The calls of a recording in the chain's own machine, each on the state that those before it left. */
function runHere({ contract, account, steps }: Recording): Told[] {
  const bytes = moduleBytes(contract)
  const code = { hash: toHex(sha256(bytes)), bytes }
  const cache = new ContractCache(PARAMETERS)
  let rows = new Map<string, Uint8Array>()
  return steps.flatMap((step) => {
    if (!('method' in step)) {
      if (step.value === undefined) rows.delete(toHex(step.key))
      else rows.set(toHex(step.key), step.value)
      return []
    }
    const { method, args: input, caller, deposit, time: timestamp } = step
    const after = new Map(rows)
    const outcome = runCall({
      ...{ code, method, parameters: PARAMETERS, cache },
      context: {
        ...{ accountId: account, signerId: caller, predecessorId: caller, input, timestamp },
        ...{ signerKey: new Uint8Array(33), chainId: NETWORK, height: HEIGHT, epoch: 1 },
        ...{ balance: BALANCE, locked: 0n, storage: STORAGE, deposit, gas: GAS },
        ...{ seed: new Uint8Array(32), isView: false, results: [], outputs: 0 },
      },
      state: {
        read: (key) => after.get(toHex(key)),
        write(key, value) {
          const before = after.get(toHex(key))
          if (value === undefined) after.delete(toHex(key))
          else after.set(toHex(key), value)
          return before
        },
        newDataId: () => '',
      },
    })
    const { error, logs, gasBurnt: gas, result } = outcome
    if (error === undefined) rows = after
    const value = error === undefined && 'value' in result ? toHex(result.value) : ''
    return [{ gas, error: error && failureOf(JSON.stringify(error)), logs, value }]
  })
}

/** The words of a panic; of anything else that something failed. */
function failureOf(text: string): string {
  return /(E\d+:[A-Za-z]+(?::\d+)?)/.exec(text)?.[1] ?? 'failed'
}

/** The same on NEAR's machine. */
async function runThere(program: string, recordings: readonly Recording[]): Promise<Told[]> {
  const artefacts = join(import.meta.dirname, '../../../contracts/artifacts/near')
  const lines = recordings.flatMap(({ contract, account, steps }) => [
    { kind: 'contract', file: join(artefacts, contract, `${contract}.wasm`) },
    ...steps.map((step) =>
      'method' in step
        ? {
            ...{ kind: 'call', account, caller: step.caller, method: step.method },
            ...{ input: toHex(step.args), deposit: String(step.deposit) },
            ...{ time: Number(step.time), height: HEIGHT, balance: String(BALANCE + step.deposit) },
            ...{ storage: Number(STORAGE), gas: Number(GAS) },
          }
        : { kind: 'plant', key: toHex(step.key), value: step.value && toHex(step.value) },
    ),
  ])
  const child = spawn(program, [String(PROTOCOL)], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  let text = ''
  for await (const part of child.stdout) text += String(part)
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const { gas, error, logs, value } = JSON.parse(line) as {
        readonly gas: string
        readonly error: string | null
        readonly logs: readonly string[]
        readonly value: readonly number[]
      } // as the program beside this writes it
      const failure = error === null ? undefined : failureOf(error)
      return { gas: BigInt(gas), error: failure, logs, value: toHex(Uint8Array.from(value)) }
    })
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** Builds the program; undefined, with the reason said, where that cannot be. */
function build(): string | undefined {
  const version = spawnSync('cargo', ['--version'], { encoding: 'utf8' })
  const [, major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(version.stdout ?? '') ?? []).map(Number)
  if (major < RUST[0] || (major === RUST[0] && minor < RUST[1])) {
    const got = version.error === undefined ? version.stdout.trim() : 'none'
    say(`oracle near: skipped: it needs cargo ${RUST.join('.')} or later, got ${got}`)
    return undefined
  }
  const folder = import.meta.dirname
  say('building the virtual machine: some twelve minutes of a processor the first time')
  const built = spawnSync('cargo', ['build', '--release', '--locked'], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const target = process.env['CARGO_TARGET_DIR'] ?? join(folder, 'target')
  if (built.status === 0) return join(target, 'release/oracle-near')
  process.exitCode = 1
  say(`oracle near: failed: ${relative(process.cwd(), folder)} cannot be built`)
  return undefined
}

export async function oracleNear(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      sequences: { type: 'string', default: '40' },
      seed: { type: 'string', default: '1' },
    },
  })
  const program = build()
  if (program === undefined) return
  const [sequences, seed] = [Number(values.sequences), Number(values.seed)]
  const recordings = [
    ...(await recordContexts(sequences, seed)),
    ...(await recordPackages(sequences, seed)),
  ]
  const here = recordings.flatMap(runHere)
  const there = await runThere(program, recordings)
  const calls = recordings.flatMap(({ steps }) => steps.filter((step) => 'method' in step))
  let [same, exact, odd, most] = [0, 0, 0, 0]
  for (const [at, told] of there.entries()) {
    const own = here[at] ?? { gas: 0n, error: 'nothing', logs: [], value: '' }
    const isSame =
      own.error === told.error && own.value === told.value && own.logs.join() === told.logs.join()
    const off = own.gas - told.gas
    if (isSame) same++
    else say(`different: ${JSON.stringify([calls[at], own, told], asText)}`)
    if (off === 0n) exact++
    if (off % OPERATION_GAS !== 0n) odd++
    most = Math.max(most, Math.abs(Number((off * 1_000_000n) / told.gas) / 10_000))
  }
  say(
    `oracle near: ${there.length} calls of protocol ${PROTOCOL}: ${same} with the same outcome, logs and answer; ` +
      `gas of ${exact} equal, of ${there.length - exact - odd} off by whole operations, of ${odd} by something else, at most ${most} %`,
  )
  const isFine = there.length === here.length && same === there.length && odd === 0
  if (!isFine) process.exitCode = 1
}

function asText(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  return value instanceof Uint8Array ? toHex(value) : value
}
