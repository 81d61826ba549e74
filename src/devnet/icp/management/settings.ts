/** Settings of canisters: what is asked for, checked, and put to what there was. */
import { principalOf } from '../codec/candid.ts'
import type { CanisterSettings } from '../canister/canister.ts'
import { Rejected } from '../errors.ts'
import { LIMITS } from '../parameters.ts'
import type { SettingsArg } from './candid.ts'

const U64_MAX = 0xffff_ffff_ffff_ffffn
const U128_MAX = (1n << 128n) - 1n
const MAX_ENVIRONMENT = 20
const MAX_VARIABLE = 128
/** The most of a thing that is named in a message, and what it is called there. */
const BOUNDS = [
  ['compute_allocation', 100n],
  ['memory_allocation', 1n << 48n],
  ['freezing_threshold', U64_MAX],
  ['reserved_cycles_limit', U128_MAX],
  ['wasm_memory_limit', 1n << 48n],
  ['wasm_memory_threshold', U64_MAX],
] as const

/** @throws Rejected */
export function applySettings(settings: CanisterSettings, wanted: SettingsArg): CanisterSettings {
  for (const [name, most] of BOUNDS) {
    const [value = 0n] = wanted[name]
    if (value > most)
      throw refused(`${name} expected to be in the range of [0..${most}], got ${value}`)
  }
  const [controllers] = wanted.controllers
  if (controllers !== undefined && controllers.length > LIMITS.controllers) {
    throw refused(
      `Invalid settings: 'controllers' length exceeds maximum size allowed of ${LIMITS.controllers}.`,
    )
  }
  const [environment] = wanted.environment_variables
  const isTooLong = environment?.some(
    ({ name, value }) => name.length > MAX_VARIABLE || value.length > MAX_VARIABLE,
  )
  if (environment !== undefined && (environment.length > MAX_ENVIRONMENT || isTooLong === true)) {
    throw refused(
      `there are ${MAX_ENVIRONMENT} environment variables at most, of ${MAX_VARIABLE} bytes`,
    )
  }
  if (new Set(environment?.map(({ name }) => name)).size !== (environment?.length ?? 0)) {
    throw refused('two environment variables have one name')
  }
  const [visibility] = wanted.log_visibility
  return {
    controllers: controllers?.map((one) => one.toUint8Array()) ?? settings.controllers,
    computeAllocation: wanted.compute_allocation[0] ?? settings.computeAllocation,
    memoryAllocation: wanted.memory_allocation[0] ?? settings.memoryAllocation,
    freezingSeconds: wanted.freezing_threshold[0] ?? settings.freezingSeconds,
    reservedCyclesLimit: wanted.reserved_cycles_limit[0] ?? settings.reservedCyclesLimit,
    wasmMemoryLimit: wanted.wasm_memory_limit[0] ?? settings.wasmMemoryLimit,
    wasmMemoryThreshold: wanted.wasm_memory_threshold[0] ?? settings.wasmMemoryThreshold,
    logVisibility:
      visibility !== undefined && 'allowed_viewers' in visibility
        ? { allowed_viewers: visibility.allowed_viewers.map((one) => one.toUint8Array()) }
        : (visibility ?? settings.logVisibility),
    environment: environment ?? settings.environment,
  }
}

function refused(message: string): Rejected {
  return new Rejected(5, 'IC0402', message)
}

/** Settings as the status of a canister tells them. */
export function settingsValue(settings: CanisterSettings): object {
  const { logVisibility } = settings
  return {
    controllers: settings.controllers.map(principalOf),
    compute_allocation: settings.computeAllocation,
    memory_allocation: settings.memoryAllocation,
    freezing_threshold: settings.freezingSeconds,
    reserved_cycles_limit: settings.reservedCyclesLimit,
    log_visibility:
      'allowed_viewers' in logVisibility
        ? { allowed_viewers: logVisibility.allowed_viewers.map(principalOf) }
        : logVisibility,
    wasm_memory_limit: settings.wasmMemoryLimit,
    wasm_memory_threshold: settings.wasmMemoryThreshold,
    environment_variables: settings.environment,
  }
}
