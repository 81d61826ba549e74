/** What the host does before and after a guest's call, by the era of its state. */
import type { ApplyCall, Era } from '../engine.ts'
import {
  actionTime,
  type Action,
  isNative,
  type Layout,
  layoutsOf,
  LAYOUTS,
} from '../artifact/layout.ts'
import {
  hasForeignNonce,
  isFrozen,
  isShared,
  isUnsigned,
  looksUnsigned,
} from '../artifact/signing.ts'
import { invalidArtifact, runtimeError } from '../errors.ts'
import { EMPTY } from '../../primitives/bytes.ts'
import type { Call } from './call.ts'
import { load, type RowAccess } from './entities.ts'
import { applyNative, checkNative, settleOwn } from './apply-native.ts'
import { verifySignature } from './host/core.ts'
import { netEffect } from './net-effect.ts'
import type { ContextRows } from './rows.ts'
import {
  incomingState,
  joinState,
  replayable,
  settle,
  storedState,
  withoutOutdated,
} from './rules.ts'
import { applyShared, checkShared, keepOwn, usesShared } from './shared.ts'

/** What a call sends to other nodes. */
export interface Sent {
  readonly artifact: Uint8Array
  readonly needsSignature: boolean
}

const NOTHING_SENT: Sent = { artifact: EMPTY, needsSignature: false }

function rowsOf(call: Call): RowAccess {
  const { rows } = call.init
  return {
    get: (key) => call.read(key),
    before: (key) => rows.get(key),
    set: (key, value) => call.overlay.set(key, value),
    remove: (key) => {
      if (rows.get(key) === undefined) call.overlay.delete(key)
      else call.overlay.set(key, undefined)
    },
  }
}

/** Rows before a replay. Nothing is written yet. */
function readOnly(rows: ContextRows): RowAccess {
  const get = (key: string): Uint8Array | undefined => rows.get(key)
  return { get, before: get, set: () => undefined, remove: () => undefined }
}

/** An artefact that can be read. */
interface Decoded {
  readonly layout: Layout
  readonly actions: readonly Action[]
}

/**
 * The actions of an artefact; undefined when it stays opaque. A module's era is found by texts that need not stand in it, so where its layout
 * does not fit, the bytes decide: of the artefact, and of the records that there are of what it changes. Where rules depend on them (E5b) an
 * artefact that cannot be read is refused, by its author and by every receiver alike.
 */
function decode(era: Era, rows: RowAccess, artifact: Uint8Array): Decoded | undefined {
  if (era === 'E5b') return { layout: LAYOUTS.E5, actions: LAYOUTS.E5.decodeArtifact(artifact) }
  for (const layout of layoutsOf(era)) {
    const actions = decodeBy(layout, rows, artifact)
    if (actions !== undefined) return { layout, actions }
  }
  return undefined
}

function decodeBy(layout: Layout, rows: RowAccess, artifact: Uint8Array): Action[] | undefined {
  try {
    const actions = layout.decodeArtifact(artifact)
    for (const { id } of actions) load(layout, rows, id)
    return actions
  } catch {
    return undefined
  }
}

/** After a local call: what to send, with the author's rules applied to it and to the written rows. @throws RUNTIME_ARTIFACT_* (guest) */
export function finishExecute(era: Era, call: Call): Sent {
  const { artifact, root } = call
  if (root === undefined || artifact === undefined) return NOTHING_SENT
  // state that others could not follow
  if (artifact.length === 0) throw invalidArtifact('the state changed, but there are no actions')
  const { executor } = call.init
  const decoded = decode(era, rowsOf(call), artifact)
  if (decoded === undefined) {
    if (looksUnsigned(artifact, executor)) {
      throw runtimeError(
        'RUNTIME_ARTIFACT_UNSIGNABLE',
        'guest',
        `the call wrote user-owned data, which cannot be signed for a module of era ${era}`,
      )
    }
    return { artifact, needsSignature: false }
  }
  const { layout, actions: all } = decoded
  if (era !== 'E5b' && all.some(isShared)) {
    throw runtimeError(
      'RUNTIME_ARTIFACT_UNSIGNABLE',
      'guest',
      `the call wrote shared storage, which is not known of era ${era}`,
    )
  }
  // adding a frozen value again is an update, which every receiver refuses
  const kept =
    era === 'E5b' || isNative(era)
      ? netEffect(layout, rowsOf(call), all)
      : all.filter((action) => action.kind !== 'update' || !isFrozen(action))
  if (isNative(era)) call.root = settleOwn(layout, rowsOf(call), kept) ?? root
  if (era === 'E5b' && kept.some(isShared)) keepOwn(layout, rowsOf(call), kept, executor)
  return {
    artifact: layout.encodeArtifact(kept),
    needsSignature: kept.some((action) => isUnsigned(action, executor)),
  }
}

/** How an artefact of another node is to be applied. */
export interface ApplyPlan {
  /** What the guest gets. */
  readonly artifact: Uint8Array
  /** Floor of the clock: raised to the newest action before the replay, or the guest skips it. */
  readonly seenNs: bigint
  /** For E5b: what {@link finishApply} needs. */
  readonly rules:
    | {
        readonly layout: Layout
        readonly live: readonly Action[]
        /** What the host does itself, beside the replay. */
        readonly shared: readonly Action[]
        readonly before: ReturnType<typeof storedState>
      }
    | undefined
  /** What the host does in place of the guest. */
  readonly native: { readonly layout: Layout; readonly actions: readonly Action[] } | undefined
}

/** A key that is no point of the curve has signed nothing. */
function verify(signature: Uint8Array, key: Uint8Array, message: Uint8Array): boolean {
  try {
    return verifySignature(signature, key, message)
  } catch {
    return false
  }
}

/** Before a replay. @throws RUNTIME_ARTIFACT_INVALID (guest) */
export function prepareApply(era: Era, stored: ContextRows, call: ApplyCall): ApplyPlan {
  const rows = readOnly(stored)
  const decoded = decode(era, rows, call.artifact)
  let { seenNs } = call
  for (const action of decoded?.actions ?? []) {
    const time = actionTime(action)
    if (call.authoredNs !== undefined && time > call.authoredNs) {
      throw invalidArtifact(`expected nothing newer than ${call.authoredNs} ns, got ${time} ns`)
    }
    if (era === 'E5b' && hasForeignNonce(action)) {
      throw invalidArtifact('a signature was made for another time than that of its action')
    }
    if (time > seenNs) seenNs = time
  }
  const opaque = { artifact: call.artifact, seenNs, rules: undefined, native: undefined }
  if (decoded === undefined) return opaque
  const { layout, actions } = decoded
  if (isNative(era)) {
    checkNative(layout, rows, actions, verify)
    return { ...opaque, native: { layout, actions } }
  }
  if (era !== 'E5b') return opaque
  const shared = actions.filter(isShared)
  if (shared.length > 0 || usesShared(rows)) checkShared(layout, rows, actions, verify)
  const others = shared.length === 0 ? actions : actions.filter((action) => !isShared(action))
  const live = withoutOutdated(layout, rows, others)
  const replayed = replayable(rows, live)
  return {
    artifact: replayed.length === actions.length ? call.artifact : layout.encodeArtifact(replayed),
    seenNs,
    rules: { layout, live, shared, before: storedState(layout, rows) },
    native: undefined,
  }
}

/** In place of a replay. `merge` lets the guest join two states, where it can. @returns the root when something changed */
export function applyPlanned(
  { layout, actions }: NonNullable<ApplyPlan['native']>,
  call: Call,
  merge: ((input: Uint8Array) => Uint8Array) | undefined,
): Uint8Array | undefined {
  const rows = rowsOf(call)
  const before = storedState(layout, rows)
  const applied = applyNative(layout, rows, actions)
  const incoming = incomingState(actions)
  const canJoin = merge !== undefined && before !== undefined && incoming !== undefined
  const joined = canJoin ? joinState(layout, rows, before, incoming, merge) : undefined
  const root = joined ?? applied
  if (root !== undefined || !call.wrote) return root
  // what is not there was removed: that is remembered too, and changes no hash
  return load(layout, rows, call.init.contextId)?.fullHash
}

/** After a replay that committed. `merge` lets the guest join two states. @returns the root when it changed once more */
export function finishApply(
  plan: ApplyPlan,
  call: Call,
  merge: (input: Uint8Array) => Uint8Array,
): Uint8Array | undefined {
  if (plan.rules === undefined) return undefined
  const { layout, live, shared, before } = plan.rules
  const rows = rowsOf(call)
  settle(layout, rows, live)
  const root = applyShared(layout, rows, shared)
  const incoming = incomingState(live)
  if (before === undefined || incoming === undefined) return root
  return joinState(layout, rows, before, incoming, merge) ?? root
}
