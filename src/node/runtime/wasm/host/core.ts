/** Host functions: registers, results, logs, events, time, chance, signatures. */
import { createPublicKey, verify } from 'node:crypto'
import { fromUtf8, toBase64Url, utf8 } from '../../../primitives/bytes.ts'
import type { GuestEvent } from '../../engine.ts'
import { hostError, panicError, runtimeError, sizedHostError } from '../../errors.ts'
import {
  MAX_ARTIFACT_BYTES,
  MAX_CROSS_CALL_METHOD_BYTES,
  MAX_CROSS_CALL_PARAMS_BYTES,
  MAX_CROSS_CALLS,
  MAX_EVENT_DATA_BYTES,
  MAX_EVENT_HANDLER_BYTES,
  MAX_EVENT_KIND_BYTES,
  MAX_EVENTS,
  MAX_LOG_BYTES,
  MAX_LOGS,
  MAX_OUTPUT_BYTES,
  MAX_PANIC_BYTES,
} from '../../limits.ts'
import type { Span } from '../memory.ts'
import { type Frame, host, type HostFunction } from './define.ts'

/** What `register_len` says of a register that is not set: the largest u64. */
const UNSET = -1n
/** Checking a signature takes some 100 µs, as long as this many operators. */
const VERIFY_FUEL = 100_000

function addLog({ call }: Frame, length: number, text: () => string): void {
  call.chargeBytes(length)
  if (call.logs.length >= MAX_LOGS) throw hostError('LogsOverflow')
  if (length > MAX_LOG_BYTES) throw hostError('LogLengthOverflow')
  call.logs.push(text())
}

function readEvent({ call, memory }: Frame, event: { kind: Span; data: Span }): GuestEvent {
  call.chargeBytes(event.kind.length + event.data.length)
  if (event.kind.length > MAX_EVENT_KIND_BYTES) throw hostError('EventKindSizeOverflow')
  if (event.data.length > MAX_EVENT_DATA_BYTES) throw hostError('EventDataSizeOverflow')
  if (call.events.length >= MAX_EVENTS) throw hostError('EventsOverflow')
  return { kind: memory.text(event.kind), data: memory.copy(event.data) }
}

/** A handler's name; a missing or unreadable one means none. */
function readHandler({ memory }: Frame, span: Span | undefined): string | undefined {
  if (span === undefined) return undefined
  if (span.length > MAX_EVENT_HANDLER_BYTES) {
    const data = { size: span.length, max: MAX_EVENT_HANDLER_BYTES }
    throw sizedHostError('EventHandlerSizeOverflow', data)
  }
  try {
    return fromUtf8(memory.copy(span))
  } catch {
    return undefined
  }
}

/** Plain RFC 8032 verification. A key that is no point of the curve never verifies. */
export function verifySignature(
  signature: Uint8Array,
  key: Uint8Array,
  message: Uint8Array,
): boolean {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(key) }
  try {
    return verify(null, message, createPublicKey({ key: jwk, format: 'jwk' }), signature)
  } catch {
    throw hostError('Ed25519IncorrectPublicKey')
  }
}

export const CORE_FUNCTIONS: readonly HostFunction[] = [
  host('panic', ['location'], undefined, (_frame, location) => {
    throw panicError('explicit panic', location)
  }),
  host('panic_utf8', ['buffer', 'location'], undefined, ({ memory }, message, location) => {
    throw panicError(memory.textUpTo(message, MAX_PANIC_BYTES), location)
  }),
  host('register_len', ['register'], 'i64', ({ call }, id) => {
    const bytes = call.register(id)
    return bytes === undefined ? UNSET : BigInt(bytes.length)
  }),
  host('read_register', ['register', 'buffer'], 'i32', ({ call, memory }, id, to) => {
    const bytes = call.register(id)
    if (bytes === undefined) {
      throw sizedHostError('InvalidRegisterId', { id: String(BigInt.asUintN(64, id)) })
    }
    if (bytes.length !== to.length) return 0
    call.chargeBytes(bytes.length)
    memory.write(to.at, bytes)
    return 1
  }),
  host('input', ['register'], undefined, ({ call }, id) => {
    call.setRegister(id, call.init.input)
    return undefined
  }),
  host('context_id', ['register'], undefined, ({ call }, id) => {
    call.setRegister(id, call.init.contextId)
    return undefined
  }),
  host('executor_id', ['register'], undefined, ({ call }, id) => {
    call.setRegister(id, call.init.executor)
    return undefined
  }),
  // of the node, never of the guest's memory: nobody can pass for another context
  host('xcall_origin', ['register'], 'i32', ({ call }, id) => {
    const { origin } = call.init
    if (origin === undefined) return 0
    call.setRegister(id, origin)
    return 1
  }),
  host('emit_migration_witness', ['buffer'], undefined, () => undefined),
  host('value_return', ['returned'], undefined, ({ call, memory }, { tag, bytes }) => {
    if (bytes.length > MAX_OUTPUT_BYTES) {
      throw sizedHostError('ReturnValueSizeOverflow', { size: bytes.length, max: MAX_OUTPUT_BYTES })
    }
    call.chargeBytes(bytes.length)
    call.returned = { ok: tag === 0n, bytes: memory.copy(bytes) }
    return undefined
  }),
  host('log_utf8', ['buffer'], undefined, (frame, message) => {
    addLog(frame, message.length, () => frame.memory.text(message))
    return undefined
  }),
  host('js_std_d_print', ['i64', 'i64', 'i64'], 'i32', (frame, _context, at, length) => {
    const span = frame.memory.span(at, length)
    addLog(frame, span.length, () => new TextDecoder().decode(frame.memory.copy(span)))
    return 0
  }),
  host('emit', ['event'], undefined, (frame, event) => {
    frame.call.events.push(readEvent(frame, event))
    return undefined
  }),
  host('emit_with_handler', ['event', 'optional'], undefined, (frame, event, name) => {
    const handler = readHandler(frame, name)
    const read = readEvent(frame, event)
    frame.call.events.push(handler === undefined ? read : { ...read, handler })
    return undefined
  }),
  host('xcall', ['crossCall'], undefined, ({ call, memory }, { contextId, method, params }) => {
    call.chargeBytes(params.length)
    if (method.length > MAX_CROSS_CALL_METHOD_BYTES) throw hostError('XCallFunctionSizeOverflow')
    if (params.length > MAX_CROSS_CALL_PARAMS_BYTES) throw hostError('XCallParamsSizeOverflow')
    if (call.crossCalls.length >= MAX_CROSS_CALLS) throw hostError('XCallsOverflow')
    call.crossCalls.push({
      // a context id has 32 bytes: checked by fixed()
      contextId: memory.fixed(contextId, 32) as GuestContextId,
      method: memory.text(method),
      params: memory.copy(params),
    })
    return undefined
  }),
  host('commit', ['buffer', 'buffer'], undefined, ({ call, memory }, root, artifact) => {
    if (call.init.readOnly) {
      throw runtimeError(
        'RUNTIME_READ_ONLY',
        'guest',
        'the method writes, but was called read-only',
      )
    }
    // one commit per call
    if (call.root !== undefined) throw hostError('InvalidMemoryAccess')
    if (artifact.length > MAX_ARTIFACT_BYTES) {
      throw sizedHostError('ArtifactSizeOverflow', {
        size: artifact.length,
        max: MAX_ARTIFACT_BYTES,
      })
    }
    call.chargeBytes(artifact.length)
    call.root = memory.fixed(root, 32)
    call.artifact = memory.copy(artifact)
    return undefined
  }),
  host('time_now', ['buffer'], undefined, ({ call, memory }, to) => {
    if (to.length !== 8) throw hostError('InvalidMemoryAccess')
    memory.writeU64(to.at, call.init.time.now())
    return undefined
  }),
  host('random_bytes', ['buffer'], undefined, ({ call, memory }, to) => {
    call.chargeBytes(to.length)
    if (to.length > 0) memory.write(to.at, call.init.random(to.length))
    return undefined
  }),
  host('ed25519_verify', ['buffer', 'buffer', 'buffer'], 'i32', ({ call, memory }, ...spans) => {
    const [signature, key, message] = spans
    call.charge(VERIFY_FUEL)
    call.chargeBytes(message.length)
    const isValid = verifySignature(
      memory.fixed(signature, 64),
      memory.fixed(key, 32),
      memory.copy(message),
    )
    return isValid ? 1 : 0
  }),
  // guests must not reach the network: always fails, as upstream does since 2025-12-28
  host('fetch', ['buffer', 'buffer', 'buffer', 'buffer', 'register'], 'i32', (frame, ...values) => {
    frame.call.setRegister(values[4], utf8('fetch is not available'))
    return 1
  }),
]

type GuestContextId = Frame['call']['crossCalls'][number]['contextId']
