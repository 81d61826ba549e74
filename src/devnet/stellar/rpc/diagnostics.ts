/** Errors as people read them: values of events as text, the newest first. */
import { toHex } from '../../../node/primitives/bytes.ts'
import { toLatin1 } from '../codec/text.ts'
import { XdrReader } from '../codec/xdr.ts'
import { EVENT, type HostEvent } from '../host/events.ts'
import { addressText, contractAddress, readAddress } from '../value/address.ts'
import { errorText, type HostError } from '../value/errors.ts'
import { SCV, textOfBytes } from '../value/scval.ts'

const MAX_EVENTS = 25
const MAX_TEXT = 400
const MAX_DEPTH = 12

/** What clients search for `Error(Contract, #1)`. */
export function describe({ type, code }: HostError, events: readonly HostEvent[]): string {
  const lines = events
    .filter((event) => event.type === EVENT.diagnostic)
    .slice(-MAX_EVENTS)
    .reverse()
    .map((event, i) => `   ${i}: [Diagnostic Event] ${describeEvent(event)}`)
  return `HostError: ${errorText(type, code)}\n\nEvent log (newest first):\n${lines.join('\n')}\n`
}

function describeEvent({ contract, topics, data }: HostEvent): string {
  const of = contract === undefined ? '' : `contract:${addressText(contractAddress(contract))}, `
  return `${of}topics:[${topics.map(showValue).join(', ')}], data:${showValue(data)}`
}

function showValue(xdr: Uint8Array): string {
  const text = show(new XdrReader(xdr), 0)
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}...` : text
}

function show(r: XdrReader, depth: number): string {
  const type = r.u32()
  if (depth > MAX_DEPTH) return '...'
  if (type >= SCV.u64 && type <= SCV.i256) return showNumber(r, type)
  switch (type) {
    case SCV.bool:
      return r.u32() === 1 ? 'true' : 'false'
    case SCV.void:
      return 'Void'
    case SCV.error:
      return errorText(r.u32(), r.u32())
    case SCV.u32:
      return String(r.u32())
    case SCV.i32:
      return String(r.u32() | 0)
    case SCV.bytes:
      return `Bytes(${toHex(r.bytes())})`
    case SCV.string:
      return JSON.stringify(textOfBytes(r.bytes()))
    case SCV.symbol:
      return toLatin1(r.bytes())
    case SCV.vec:
      return `[${items(r, () => show(r, depth + 1)).join(', ')}]`
    case SCV.map:
      return `{${items(r, () => `${show(r, depth + 1)}: ${show(r, depth + 1)}`).join(', ')}}`
    case SCV.address:
      return addressText(readAddress(r))
    default:
      return `value of type ${type}`
  }
}

function showNumber(r: XdrReader, type: number): string {
  const words = type < SCV.u64 + 4 ? 1 : type < SCV.u64 + 6 ? 2 : 4
  let value = 0n
  for (let i = 0; i < words; i++) value = (value << 64n) | r.u64()
  const isSigned = type === SCV.u64 + 1 || type === SCV.u64 + 5 || type === SCV.i256
  return String(isSigned ? BigInt.asIntN(words * 64, value) : value)
}

function items(r: XdrReader, item: () => string): string[] {
  r.u32()
  const out: string[] = []
  for (let left = r.count(); left > 0; left--) out.push(item())
  return out
}
