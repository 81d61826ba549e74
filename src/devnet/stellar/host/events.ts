/** Events of an invocation, as XDR: those of contracts, and those that only tell what went on. */
import { utf8 } from '../../../node/primitives/bytes.ts'
import { XdrWriter } from '../codec/xdr.ts'
import { SCV } from '../value/scval.ts'

export const EVENT = { system: 0, contract: 1, diagnostic: 2 } as const

export interface HostEvent {
  /** One of {@link EVENT}. */
  readonly type: number
  /** Id of the contract that it is of. */
  readonly contract: Uint8Array | undefined
  /** XDR of values. */
  readonly topics: readonly Uint8Array[]
  readonly data: Uint8Array
  /** Whether it is of a call that failed. */
  readonly isUndone: boolean
}

/** XDR of `ContractEvent`. */
export function eventXdr({ type, contract, topics, data }: HostEvent): Uint8Array {
  const w = new XdrWriter().u32(0)
  if (contract === undefined) w.u32(0)
  else w.u32(1).raw(contract)
  w.u32(type).u32(0).u32(topics.length)
  for (const topic of topics) w.raw(topic)
  return w.raw(data).done()
}

/** XDR of `DiagnosticEvent`. */
export function diagnosticXdr(event: HostEvent): Uint8Array {
  const w = new XdrWriter().u32(event.isUndone ? 0 : 1)
  return w.raw(eventXdr(event)).done()
}

export function isOfContract({ type, isUndone }: HostEvent): boolean {
  return type !== EVENT.diagnostic && !isUndone
}

/** XDR of a symbol, of a text, of nothing. */
export function symbolXdr(text: string): Uint8Array {
  return new XdrWriter().u32(SCV.symbol).bytes(utf8(text)).done()
}

export function textXdr(text: string): Uint8Array {
  return new XdrWriter().u32(SCV.string).bytes(utf8(text)).done()
}

export const VOID_XDR: Uint8Array = new XdrWriter().u32(SCV.void).done()

/** Values as one: none is nothing, one is itself. */
export function joinedXdr(values: readonly Uint8Array[]): Uint8Array {
  const [only, ...others] = values
  if (only === undefined) return VOID_XDR
  if (others.length === 0) return only
  const w = new XdrWriter().u32(SCV.vec).u32(1).u32(values.length)
  for (const value of values) w.raw(value)
  return w.done()
}
