/**
 * `npm run oracle stellar`: random calls of contracts on the local Stellar network, simulated once more on the host that its nodes have, with its own fees. Value
 * or error, footprint, written and read bytes, and events have to be the same; instructions, memory and fees are compared as shares. It needs cargo 1.95 or
 * later, and is skipped aloud without; the host is built from the registry's sources, which takes some five minutes of a processor the first time.
 */
import { spawn, spawnSync } from 'node:child_process'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { Keypair, Operation, TransactionBuilder, Account, xdr } from '@stellar/stellar-sdk'
import { Chain } from '../../../src/devnet/stellar/chain/chain.ts'
import { accountOf } from '../../../src/devnet/stellar/chain/changes.ts'
import { simulate, type Simulated } from '../../../src/devnet/stellar/chain/simulate.ts'
import { fromBase64, toBase64 } from '../../../src/devnet/stellar/codec/text.ts'
import { eventXdr, isOfContract } from '../../../src/devnet/stellar/host/events.ts'
import { type ParametersInit, parametersOf } from '../../../src/devnet/stellar/parameters.ts'
import { entryData, type Stored } from '../../../src/devnet/stellar/storage/entries.ts'
import { errorText } from '../../../src/devnet/stellar/value/errors.ts'
import { toHex } from '../../../src/node/primitives/bytes.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import { play } from './play.ts'

/** First version of Rust that the host is built with. */
const RUST: readonly [number, number] = [1, 95]
/** Calls whose instructions are off by more are listed; with `--all`, all are. */
const TOLERANCE = 0.1

/** What a call came to. */
interface Told {
  readonly error: string | null
  readonly value: string | null
  readonly read_only: readonly string[]
  readonly read_write: readonly string[]
  readonly read_bytes: number
  readonly write_bytes: number
  readonly instructions: number
  readonly memory: number
  readonly fee: number
  readonly events: readonly string[]
}

/** A chain that keeps what is asked of it, for another to answer as well. */
export class RecordingChain {
  readonly chain: Chain
  readonly keys: Keypair
  readonly lines: string[] = []
  readonly told: { readonly name: string; readonly told: Told }[] = []
  #known: ReadonlyMap<string, Stored> = new Map()
  #calls = 0

  constructor(parameters: ParametersInit = {}) {
    this.keys = Keypair.fromRawEd25519Seed(Buffer.from(sha256(Buffer.from('oracle'))))
    const publicKey = new Uint8Array(this.keys.rawPublicKey())
    this.chain = new Chain({
      ...{ passphrase: 'oracle', seed: '', mode: 'instant', retentionLedgers: 1000 },
      parameters: parametersOf(parameters),
      accounts: [{ publicKey, balance: 10n ** 16n }],
      now: () => 1_700_000_000,
      isTimeHeld: true,
    })
    this.#write(settingsOf(this.chain))
  }

  #write(line: object): void {
    this.lines.push(
      JSON.stringify(line, (_, one: unknown) => (typeof one === 'bigint' ? Number(one) : one)),
    )
  }

  /** Simulates, here and later there, and applies what succeeds and needs no other signature. */
  run(operation: xdr.Operation, apply = true): Simulated {
    if (operation.body.type !== 'invokeHostFunction') throw new RangeError(operation.body.type)
    this.#writeChanges()
    const { chain } = this
    const seed = sha256(Uint8Array.of(this.#calls++ & 0xff, this.#calls >> 8))
    const { hostFunction, auth } = operation.body.value
    const { sequence, timestamp } = chain.nextInfo()
    this.#write({
      ...{ kind: 'call', function: toBase64(hostFunction.toXdr()), seed: toBase64(seed) },
      ...{ source: toBase64(new Uint8Array(this.keys.rawPublicKey())), sequence, timestamp },
      auth: auth.map((one) => toBase64(one.toXdr())),
    })
    const tx = this.#build(operation)
    const body = (tx.toEnvelope().value as xdr.TransactionV1Envelope).tx // no other is built
    const mode = auth.length > 0 ? 'enforce' : 'record_allow_nonroot'
    const result = simulate(chain, { body, mode, namesAddress: true, leeway: 0, seed })
    this.told.push({ name: nameOf(hostFunction), told: toldOf(result) })
    const isSigned = result.kind === 'called' && result.auth.every((one) => one[3] === 0)
    if (apply && result.kind === 'called' && (auth.length > 0 || isSigned)) {
      const entries = result.auth.map((one) => xdr.SorobanAuthorizationEntry.fromXdr(one))
      const full = Operation.invokeHostFunction({ func: hostFunction, auth: entries })
      const ready = this.#build(full, result.prepared.data, result.prepared.fee)
      ready.sign(this.keys)
      chain.send(ready.toXdr())
    }
    return result
  }

  #build(
    operation: xdr.Operation,
    data?: Uint8Array,
    fee = 0n,
  ): ReturnType<TransactionBuilder['build']> {
    const account = accountOf(this.chain.entries, new Uint8Array(this.keys.rawPublicKey()))
    const from = new Account(this.keys.publicKey(), String(account?.sequence ?? 0n))
    const builder = new TransactionBuilder(from, {
      ...{ fee: String(100n + fee), networkPassphrase: this.chain.passphrase },
    })
    if (data !== undefined) builder.setSorobanData(toBase64(data))
    return builder.addOperation(operation).setTimeout(0).build()
  }

  #writeChanges(): void {
    const now = this.chain.entries
    for (const [key, stored] of now) {
      if (this.#known.get(key) === stored) continue
      const data = toBase64(entryData(stored.entry))
      this.#write({ kind: 'entry', key, data, live_until: stored.liveUntil ?? null })
    }
    for (const key of this.#known.keys()) {
      if (!now.has(key)) this.#write({ kind: 'entry', key, data: null, live_until: null })
    }
    this.#known = new Map(now)
  }
}

function settingsOf({ parameters, networkId }: Chain): object {
  const { transaction, lifetime, fees, costs, protocol, baseReserve } = parameters
  return {
    ...{ kind: 'settings', protocol, network: toBase64(networkId), base_reserve: baseReserve },
    ...{ instructions: transaction.instructions, memory: transaction.memory },
    ...{ min_temporary: lifetime.minTemporary, min_persistent: lifetime.minPersistent },
    max_life: lifetime.max,
    costs: costs.map(({ cpu, memory }) => [...cpu, ...memory]),
    fees: {
      ...{ instructions: fees.instructions10k, read_entry: fees.readEntry },
      ...{ write_entry: fees.writeEntry, read: fees.read1Kb, write: fees.write1Kb },
      ...{ historical: fees.historical1Kb, events: fees.events1Kb, rent: fees.rent1Kb },
      ...{ envelope: fees.envelope1Kb, persistent: fees.persistentRentDenominator },
      temporary: fees.temporaryRentDenominator,
    },
  }
}

function nameOf(call: xdr.HostFunction): string {
  return call.type === 'hostFunctionTypeInvokeContract'
    ? call.value.functionName.toString()
    : call.type
}

function toldOf(result: Simulated): Told {
  const nothing = { read_only: [], read_write: [], read_bytes: 0, write_bytes: 0, events: [] }
  const numbers = { instructions: 0, memory: 0, fee: 0 }
  if (result.kind === 'failed') {
    const { type, code } = result.error
    return { ...nothing, ...numbers, error: errorText(type, code), value: null }
  }
  if (result.kind !== 'called') throw new RangeError(result.kind)
  const data = xdr.SorobanTransactionData.fromXdr(result.prepared.data)
  const { footprint, diskReadBytes, writeBytes } = data.resources
  return {
    error: null,
    value: toBase64(result.value),
    read_only: footprint.readOnly.map((key) => key.toXdr('base64')),
    read_write: footprint.readWrite.map((key) => key.toXdr('base64')),
    ...{ read_bytes: diskReadBytes, write_bytes: writeBytes },
    ...{ instructions: result.instructions, memory: result.memory },
    fee: Number(result.prepared.fee),
    events: result.events.filter(isOfContract).map((event) => toBase64(eventXdr(event))),
  }
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
    const isShare = ['instructions', 'memory', 'fee'].includes(name)
    return isEqual || isShare ? [] : [`${name} ${JSON.stringify(own)} ${JSON.stringify(other)}`]
  })
  return fields.join('; ')
}

async function runThere(program: string, lines: readonly string[]): Promise<Told[]> {
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(lines.map((line) => `${line}\n`).join(''))
  let text = ''
  for await (const part of child.stdout) text += String(part)
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Told) // as the program beside this writes it
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

/** From the least to the most, and the one in the middle. */
function spread(ratios: readonly number[]): string {
  const sorted = ratios.toSorted((a, b) => a - b)
  const at = (share: number): string => {
    const index = Math.min(sorted.length - 1, Math.floor(sorted.length * share))
    return (sorted[index] ?? 1).toFixed(3)
  }
  return `${at(0)} to ${at(1)}, median ${at(0.5)}`
}

export async function oracleStellar(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      calls: { type: 'string', default: '400' },
      seed: { type: 'string', default: '1' },
      all: { type: 'boolean', default: false },
    },
  })
  const program = build()
  if (program === undefined) return
  const recorded = new RecordingChain()
  play(recorded, Number(values.calls), Number(values.seed))
  const there = await runThere(program, recorded.lines)
  let same = 0
  const ratios: Record<'instructions' | 'memory' | 'fee', number[]> = {
    ...{ instructions: [], memory: [], fee: [] },
  }
  for (const [i, { name, told }] of recorded.told.entries()) {
    const real = there[i]
    if (real === undefined) continue
    if (isSame(told, real)) same++
    else say(`different: ${name} ${differences(told, real)}`)
    if (told.error !== null || real.error !== null) continue
    const off = told.instructions / real.instructions
    ratios.instructions.push(off)
    ratios.memory.push(told.memory / real.memory)
    ratios.fee.push(told.fee / real.fee)
    if (values.all || Math.abs(off - 1) > TOLERANCE) {
      say(
        `${name}: ${told.instructions} instructions, there ${real.instructions}, memory ${told.memory} ${real.memory}`,
      )
    }
  }
  const total = recorded.told.length
  say(
    `oracle stellar: ${total} simulations: ${same} with the same value or error, footprint, bytes and events; instructions here of those there ${spread(ratios.instructions)}, ` +
      `memory ${spread(ratios.memory)}, fees ${spread(ratios.fee)}`,
  )
  if (there.length !== total || same !== total) process.exitCode = 1
}
