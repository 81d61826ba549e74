/** What messages, instructions, memory and time cost. */
import type { Canister } from './canister/canister.ts'
import { FEES, GIB, LIMITS, NODES, PAGE, SECOND_NS } from './parameters.ts'

const DAY_NS = 86_400n * SECOND_NS

/** Bytes that a canister takes: memories, module, chunks and log. */
export function memoryOf(canister: Canister): bigint {
  const { heap, stable, code, chunks, logs } = canister
  const pages = heap.pages.length + stable.size
  const chunkBytes = [...chunks.values()].reduce((sum, { length }) => sum + length, 0)
  const logBytes = logs.reduce((sum, { content }) => sum + content.length, 0)
  return BigInt(pages * PAGE + (code?.size ?? 0) + chunkBytes + logBytes)
}

/** What a canister costs by being there, for so long. */
export function idleCost(canister: Canister, ns: bigint): bigint {
  const { memoryAllocation, computeAllocation } = canister.settings
  const used = memoryOf(canister)
  const bytes = used > memoryAllocation ? used : memoryAllocation
  const perSecondTimesGib = bytes * FEES.storage + computeAllocation * FEES.compute * GIB
  return (perSecondTimesGib * ns) / (GIB * SECOND_NS)
}

export function idleCostPerDay(canister: Canister): bigint {
  return idleCost(canister, DAY_NS)
}

/** What a canister must keep: below this it is frozen. */
export function freezingThreshold(canister: Canister): bigint {
  return idleCost(canister, canister.settings.freezingSeconds * SECOND_NS)
}

/** Executing a message. */
export function executionCost(instructions: bigint, isWide: boolean): bigint {
  return FEES.message + instructions * (isWide ? FEES.wideInstruction : FEES.instruction)
}

/** Taking in a message from outside. */
export function ingressCost(method: string, arg: Uint8Array): bigint {
  return FEES.ingress + BigInt(method.length + arg.length) * FEES.ingressByte
}

/** Sending an answer of so many bytes. */
export function transmissionCost(bytes: number): bigint {
  return BigInt(bytes) * FEES.callByte
}

/** A call between canisters: what it costs, and what is put aside for the answer and for executing its callback. */
export interface CallCost {
  readonly request: bigint
  readonly transmission: bigint
  readonly execution: bigint
}

export function callCost(bytes: bigint, maxInstructions: bigint, isWide: boolean): CallCost {
  return {
    request: FEES.call + bytes * FEES.callByte,
    transmission: transmissionCost(LIMITS.payload),
    execution: executionCost(maxInstructions, isWide),
  }
}

export function totalOf({ request, transmission, execution }: CallCost): bigint {
  return request + transmission + execution
}

/** A request to a server outside, which every node makes. */
export function httpRequestCost(requestBytes: bigint, responseBytes: bigint): bigint {
  const { httpBase, httpNode, httpRequestByte, httpResponseByte } = FEES
  const bytes = httpRequestByte * requestBytes + httpResponseByte * responseBytes
  return (httpBase + httpNode * NODES + bytes) * NODES
}
