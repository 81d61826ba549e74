/** Installing modules: everything of it happens or nothing does. */
import { EMPTY } from '../../../node/primitives/bytes.ts'
import type { Canister } from '../canister/canister.ts'
import { type CanisterCode, prepareCode } from '../canister/code.ts'
import type { Outcome } from '../canister/execute.ts'
import { Frame } from '../canister/frame.ts'
import { type HeapState, NO_STABLE, type StableState } from '../canister/memory.ts'
import type { Chain } from '../chain/chain.ts'
import { log, withinMemory } from '../chain/outcome.ts'
import { executionCost, freezingThreshold } from '../cycles.ts'
import { outOfCycles, Rejected, rejectedBy, Trap } from '../errors.ts'
import type { InstallMode } from './candid.ts'

export interface Installation {
  readonly canister: Canister
  readonly mode: InstallMode
  readonly wasm: Uint8Array
  readonly arg: Uint8Array
  readonly caller: Uint8Array
}

/** What is put in the place of what there was. */
interface Step {
  readonly code: CanisterCode
  readonly heap: HeapState | undefined
  readonly stable: StableState
  readonly entry: string
  readonly mode: 'I' | 'G'
  readonly arg: Uint8Array
}

/** @throws Rejected */
export function installCode(chain: Chain, installation: Installation): void {
  const { canister, mode, arg } = installation
  const { text } = canister
  const code = prepare(installation)
  const installer = new Installer(chain, installation, code.isWide)
  if ('install' in mode && canister.code !== undefined) {
    const message = `Canister ${text} cannot be installed because the canister is not empty. Try installing with mode='reinstall' instead.`
    throw new Rejected(5, 'IC0514', message)
  }
  if ('upgrade' in mode) {
    const { code: before, heap, stable } = canister
    if (before === undefined) throw new Rejected(5, 'IC0537', `Canister ${text} has no Wasm module`)
    const [options] = mode.upgrade
    const isKept = 'keep' in (options?.wasm_memory_persistence[0] ?? {})
    let prepared = { heap, stable }
    if (options?.skip_pre_upgrade[0] !== true) {
      const entry = 'canister_pre_upgrade'
      prepared = installer.run({ code: before, heap, stable, entry, mode: 'G', arg: EMPTY })
    }
    const entry = 'canister_post_upgrade'
    const kept = isKept ? { pages: prepared.heap.pages, globals: [] } : undefined
    const next = { code, heap: kept, stable: prepared.stable }
    installer.finish({ ...next, entry, mode: 'I', arg })
    return
  }
  installer.finish({
    code,
    heap: undefined,
    stable: NO_STABLE,
    entry: 'canister_init',
    mode: 'I',
    arg,
  })
}

/** @throws Rejected */
function prepare({ canister, wasm }: Installation): CanisterCode {
  try {
    return prepareCode(wasm)
  } catch (error) {
    throw error instanceof Trap ? rejectedBy(canister.text, error) : error
  }
}

/** Runs the steps of one installation, and pays for them together. */
class Installer {
  readonly #chain: Chain
  readonly #installation: Installation
  readonly #isWide: boolean
  #left: bigint
  /** Cycles of the canister as its hooks see and change them. */
  #balance: bigint
  readonly #prepaid: bigint
  #timer: bigint | undefined
  #certifiedData: Uint8Array | undefined

  constructor(chain: Chain, installation: Installation, isWide: boolean) {
    const { canister } = installation
    this.#chain = chain
    this.#installation = installation
    this.#isWide = isWide
    this.#left = chain.limits.install
    this.#prepaid = executionCost(this.#left, isWide)
    this.#balance = canister.cycles - this.#prepaid
    const short = freezingThreshold(canister) - this.#balance
    if (short > 0n) throw outOfCycles(canister.text, short)
  }

  /** @throws Rejected where the canister traps: it pays for that, and is as it was */
  run({ code, heap, stable, entry, mode, arg }: Step): {
    readonly heap: HeapState
    readonly stable: StableState
  } {
    const { canister, caller } = this.#installation
    const chain = this.#chain
    const frame = new Frame({
      ...{ mode, canister, caller, arg, time: chain.now() },
      ...{ limit: this.#left, balance: this.#balance },
    })
    const before = { code, heap, stable, isNew: mode === 'I' }
    const ran = chain.executor.run(before, frame, [entry])
    const outcome: Outcome = withinMemory(chain, canister, ran)
    this.#left -= outcome.instructions
    log(canister, frame, outcome)
    if (!outcome.isGood) {
      chain.executor.forget(canister.text)
      canister.cycles -= this.#cost
      throw rejectedBy(canister.text, outcome.trap)
    }
    this.#balance = frame.balance
    this.#timer = frame.timer
    this.#certifiedData = frame.certifiedData ?? this.#certifiedData
    return outcome
  }

  get #cost(): bigint {
    return executionCost(this.#chain.limits.install - this.#left, this.#isWide)
  }

  /** The last step, and then the canister is another. */
  finish(step: Step): void {
    const { canister } = this.#installation
    const { heap, stable } = this.run(step)
    canister.code = step.code
    canister.heap = heap
    canister.stable = stable
    // timers end with the module that set them; what was certified stays with an upgrade
    canister.timer = this.#timer ?? 0n
    const before = step.entry === 'canister_init' ? EMPTY : canister.certifiedData
    canister.certifiedData = this.#certifiedData ?? before
    canister.cycles = this.#balance + this.#prepaid - this.#cost
    canister.version++
  }
}
