/** What passes between a contract and the host: handles, which each frame has its own of, and memory. */
import { COST } from '../budget/costs.ts'
import { toLatin1 } from '../codec/text.ts'
import type { Host } from '../host/host.ts'
import { hostError } from '../value/errors.ts'
import { isKnownTag, isObject, objectVal, tagOf, upperOf, type Val } from '../value/word.ts'

const WORD = 8

/** The contract's handle of an object. */
export function toRelative(host: Host, value: Val): Val {
  if (!isObject(value)) return value
  const { handles } = host.frame
  return objectVal(tagOf(value), (handles.push(value) - 1) * 2)
}

/** The host's handle of what a contract calls so. @throws HostError where it has no such object */
export function toAbsolute(host: Host, value: Val): Val {
  if (!isObject(value)) {
    if (isKnownTag(tagOf(value))) return value
    throw hostError('Value', 'InvalidInput', 'bad value tag')
  }
  const handle = upperOf(value)
  const known = (handle & 1) === 0 ? host.frame.handles[handle >>> 1] : undefined
  if (known === undefined || tagOf(known) !== tagOf(value)) {
    throw hostError('Value', 'InvalidInput', 'unknown relative object reference')
  }
  return known
}

/** A part of the contract's memory, as it is now. @throws HostError */
export function memoryAt(host: Host, at: number, length: number): Uint8Array<ArrayBuffer> {
  const { memory } = host.frame
  if (memory === undefined) {
    throw hostError('WasmVm', 'MissingValue', 'no linear memory named `memory`')
  }
  const buffer = memory()
  if (at + length > buffer.byteLength) {
    throw hostError('WasmVm', 'IndexBounds', 'out of bounds linear memory access')
  }
  host.budget.charge(COST.memCpy, length)
  return new Uint8Array(buffer, at, length)
}

export function readValues(host: Host, at: number, count: number): Val[] {
  const bytes = memoryAt(host, at, count * WORD)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Array.from({ length: count }, (_, i) =>
    toAbsolute(host, view.getBigUint64(i * WORD, true)),
  )
}

export function writeValues(host: Host, at: number, values: readonly Val[]): void {
  const bytes = memoryAt(host, at, values.length * WORD)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (const [i, value] of values.entries()) {
    view.setBigUint64(i * WORD, toRelative(host, value), true)
  }
}

/** Texts by a list of where each is, and how long. */
export function readTexts(host: Host, at: number, count: number): string[] {
  const bytes = memoryAt(host, at, count * WORD)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Array.from({ length: count }, (_, i) => {
    const place = view.getUint32(i * WORD, true)
    const length = view.getUint32(i * WORD + 4, true)
    return toLatin1(memoryAt(host, place, length))
  })
}
