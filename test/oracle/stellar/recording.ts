/** A local Stellar network that writes down what is simulated on it, with what the ledger was then, for another host to answer as well. */
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { xdr } from '@stellar/stellar-sdk'
import { Chain, type ChainInit } from '../../../src/devnet/stellar/chain/chain.ts'
import { publicKeyOf } from '../../../src/devnet/stellar/chain/envelope.ts'
import type { Simulated, SimulationInit } from '../../../src/devnet/stellar/chain/simulate.ts'
import { toBase64 } from '../../../src/devnet/stellar/codec/text.ts'
import { eventXdr, isOfContract } from '../../../src/devnet/stellar/host/events.ts'
import { entryData, type Stored } from '../../../src/devnet/stellar/storage/entries.ts'
import { errorText } from '../../../src/devnet/stellar/value/errors.ts'

/** What a call came to. */
export interface Told {
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

/** A call, and what it came to here. */
export interface Answered {
  /** What was called. */
  readonly name: string
  readonly told: Told
}

/** What is asked and what is answered, in files: there is more of it than fits in memory. */
export class Recording implements Disposable {
  /** Lines for the other host: settings, entries that changed, calls. */
  readonly questions: string
  /** A line of {@link Answered} for each of the calls. */
  readonly answers: string
  readonly #folder: string
  readonly #files: { readonly questions: number; readonly answers: number }
  /** Simulations that cannot be asked of the other, by what they are of. */
  readonly left: string[] = []

  private constructor(folder: string) {
    this.#folder = folder
    this.questions = join(folder, 'questions.jsonl')
    this.answers = join(folder, 'answers.jsonl')
    this.#files = { questions: openSync(this.questions, 'w'), answers: openSync(this.answers, 'w') }
  }

  static async open(): Promise<Recording> {
    return new Recording(await mkdtemp(join(tmpdir(), 'oracle-stellar-')))
  }

  ask(line: object): void {
    const text = JSON.stringify(line, (_, one: unknown) =>
      typeof one === 'bigint' ? Number(one) : one,
    )
    writeSync(this.#files.questions, `${text}\n`)
  }

  answer(answered: Answered): void {
    writeSync(this.#files.answers, `${JSON.stringify(answered)}\n`)
  }

  [Symbol.dispose](): void {
    closeSync(this.#files.questions)
    closeSync(this.#files.answers)
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

export class RecordingChain extends Chain {
  readonly #recording: Recording
  /** Entries as they were last written down; those that change are other objects. */
  #known: ReadonlyMap<string, Stored> = new Map()

  constructor(init: ChainInit, recording: Recording) {
    super(init)
    this.#recording = recording
    recording.ask(settingsOf(this))
  }

  override simulate(init: SimulationInit): Simulated {
    const [operation] = init.body.operations
    if (operation?.body.type !== 'invokeHostFunction') {
      this.#recording.left.push(operation?.body.type ?? 'nothing')
      return super.simulate(init)
    }
    const seed = init.seed ?? this.draw()
    const { sequence, timestamp } = this.nextInfo()
    const result = super.simulate({ ...init, seed })
    if (result.kind !== 'called' && result.kind !== 'failed') {
      this.#recording.left.push(result.kind)
      return result
    }
    this.#askChanges()
    const { hostFunction, auth } = operation.body.value
    const { mode = auth.length > 0 ? 'enforce' : 'record' } = init
    this.#recording.ask({
      ...{ kind: 'call', function: toBase64(hostFunction.toXdr()), seed: toBase64(seed) },
      source: toBase64(publicKeyOf(operation.sourceAccount ?? init.body.sourceAccount)),
      ...{ sequence, timestamp },
      auth: mode === 'enforce' ? auth.map((one) => toBase64(one.toXdr())) : null,
      ...{ may_be_inner: mode === 'record_allow_nonroot', names_address: init.namesAddress },
    })
    this.#recording.answer({ name: nameOf(hostFunction), told: toldOf(result) })
    return result
  }

  #askChanges(): void {
    const now = this.entries
    for (const [key, stored] of now) {
      if (this.#known.get(key) === stored) continue
      const data = toBase64(entryData(stored.entry))
      this.#recording.ask({ kind: 'entry', key, data, live_until: stored.liveUntil ?? null })
    }
    for (const key of this.#known.keys()) {
      if (!now.has(key)) this.#recording.ask({ kind: 'entry', key, data: null, live_until: null })
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

function toldOf(result: Extract<Simulated, { readonly kind: 'called' | 'failed' }>): Told {
  const { instructions, memory } = result
  if (result.kind === 'failed') {
    const nothing = { read_only: [], read_write: [], read_bytes: 0, write_bytes: 0, events: [] }
    const { type, code } = result.error
    const error = errorText(type, code)
    return { ...nothing, instructions, memory, fee: 0, error, value: null }
  }
  const data = xdr.SorobanTransactionData.fromXdr(result.prepared.data)
  const { footprint, diskReadBytes, writeBytes } = data.resources
  return {
    error: null,
    value: toBase64(result.value),
    read_only: footprint.readOnly.map((key) => key.toXdr('base64')),
    read_write: footprint.readWrite.map((key) => key.toXdr('base64')),
    ...{ read_bytes: diskReadBytes, write_bytes: writeBytes, instructions, memory },
    fee: Number(result.prepared.fee),
    events: result.events.filter(isOfContract).map((event) => toBase64(eventXdr(event))),
  }
}
