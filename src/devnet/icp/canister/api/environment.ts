/** Functions on the canister itself and on what is around it: time, certified data, timer, settings. */
import { EMPTY, equalBytes, fromUtf8, utf8 } from '../../../../node/primitives/bytes.ts'
import { Trap, violated } from '../../errors.ts'
import { LIMITS } from '../../parameters.ts'
import {
  type ApiFunctions,
  type Machine,
  readable,
  toNumber,
  unsigned,
  type Word,
} from './machine.ts'

const STATUS = { running: 1, stopping: 2, stopped: 3 } as const

export function environmentFunctions(machine: Machine): ApiFunctions {
  const certificate = (): Uint8Array => {
    const { frame } = machine
    if (!frame.hasCertificate) throw violated('there is no data certificate')
    frame.certificate ??= machine.system.certificateFor(frame.canister)
    return frame.certificate
  }
  return {
    ...readable(machine, 'canister_self', () => machine.frame.canister.id),
    ...readable(machine, 'subnet_self', () => machine.system.subnetId),
    ...readable(machine, 'data_certificate', certificate),
    ...variableFunctions(machine),
    canister_status: () => STATUS[machine.frame.canister.status],
    canister_version: () => machine.frame.canister.version,
    certified_data_set: (pointer: Word, length: Word) => {
      if (toNumber(length) > LIMITS.certifiedData) {
        throw violated(`certified data has ${LIMITS.certifiedData} bytes at most`)
      }
      machine.frame.certifiedData = machine.read(pointer, length)
    },
    data_certificate_present: () => (machine.frame.hasCertificate ? 1 : 0),
    time: () => machine.frame.time,
    global_timer_set: (time: bigint) => {
      const { frame } = machine
      const before = frame.timer ?? frame.canister.timer
      frame.timer = unsigned(time)
      return before
    },
    performance_counter: (kind: number) => {
      if (kind === 0) return machine.spent
      if (kind === 1) return machine.frame.spentBefore + machine.spent
      throw violated(`there is no performance counter ${kind}`)
    },
    is_controller: (pointer: Word, length: Word) => {
      const principal = machine.read(pointer, length)
      const { controllers } = machine.frame.canister.settings
      return controllers.some((one) => equalBytes(one, principal)) ? 1 : 0
    },
    in_replicated_execution: () => (machine.frame.isReplicated ? 1 : 0),
    trap: (pointer: Word, length: Word) => {
      const message = lossy(machine.read(pointer, length))
      throw new Trap('IC0503', `Canister called \`ic0.trap\` with message: '${message}'`)
    },
  }
}

function variableFunctions(machine: Machine): ApiFunctions {
  const variables = (): readonly { readonly name: string; readonly value: string }[] =>
    machine.frame.canister.settings.environment
  const nameAt = (index: Word): Uint8Array => {
    const found = variables()[toNumber(index)]
    if (found === undefined) throw violated(`there is no environment variable ${index}`)
    return utf8(found.name)
  }
  const valueOf = (pointer: Word, length: Word): Uint8Array => {
    const name = machine.readText(pointer, length)
    const found = variables().find((one) => one.name === name)
    if (found === undefined) throw violated(`there is no environment variable ${name}`)
    return utf8(found.value)
  }
  return {
    env_var_count: () => machine.word(variables().length),
    env_var_name_size: (index: Word) => machine.word(nameAt(index).length),
    env_var_name_copy: (index: Word, target: Word, offset: Word, length: Word) =>
      machine.copy(nameAt(index), target, offset, length),
    env_var_name_exists: (pointer: Word, length: Word) => {
      const name = machine.readText(pointer, length)
      return variables().some((one) => one.name === name) ? 1 : 0
    },
    env_var_value_size: (pointer: Word, length: Word) =>
      machine.word(valueOf(pointer, length).length),
    env_var_value_copy: (
      pointer: Word,
      nameLength: Word,
      target: Word,
      offset: Word,
      length: Word,
    ) => machine.copy(valueOf(pointer, nameLength), target, offset, length),
  }
}

/** A text as far as it is one. */
function lossy(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes)
  } catch {
    return Buffer.from(bytes.length > 0 ? bytes : EMPTY).toString('latin1')
  }
}
