/**
 * User-owned entries: the guest leaves 64 zero bytes where the author's signature belongs, the host signs after the call,
 * receivers' guests verify. What is signed is a SHA-256 digest whose construction differs between eras.
 */
import { platform } from '#platform'
import { equalBytes, utf8 } from '../../primitives/bytes.ts'
import { isZero } from '../../primitives/ids.ts'
import type { ActionSigner } from '../state-model.ts'
import { actionTime, type Action, type Layout, type LayoutName, LAYOUTS } from './layout.ts'

const USER_TAG = 1
const FROZEN_TAG = 2
const SHARED_TAG = 3
const SHARED_MEMBER_TAG = 4
const SIGNATURE_BYTES = 64
/** `01 owner 01 signature nonce`, then in E5 an optional signer. */
const OWNER_AT = 1
const HAS_SIGNATURE_AT = 33
const SIGNATURE_AT = 34
const NONCE_AT = SIGNATURE_AT + SIGNATURE_BYTES
const AFTER_NONCE = NONCE_AT + 8
const NO_SIGNATURE = new Uint8Array(SIGNATURE_BYTES)

/** Whether an entity may be added only, never changed. */
export function isFrozen(action: Action): boolean {
  return action.metadata.storage[0] === FROZEN_TAG
}

/** Whether an entity, or what guards it, has writers of its own. */
export function isShared(action: Action): boolean {
  const tag = action.metadata.storage[0]
  return tag === SHARED_TAG || tag === SHARED_MEMBER_TAG
}

/** Whether an action waits for the signature of `owner`. */
export function isUnsigned(action: Action, owner: Uint8Array): boolean {
  const { storage } = action.metadata
  return (
    storage[0] === USER_TAG &&
    storage[HAS_SIGNATURE_AT] === 1 &&
    equalBytes(storage.subarray(OWNER_AT, HAS_SIGNATURE_AT), owner) &&
    isZero(storage.subarray(SIGNATURE_AT, NONCE_AT))
  )
}

/**
 * Whether a signature covers another time than that of its action. The time itself is not signed, and by it copies decide what is newer: a
 * signed value of long ago could be sent again as the newest, even after its removal.
 */
export function hasForeignNonce(action: Action): boolean {
  const { storage } = action.metadata
  if (storage[0] !== USER_TAG || storage[HAS_SIGNATURE_AT] !== 1) return false
  const view = new DataView(storage.buffer, storage.byteOffset)
  return view.getBigUint64(NONCE_AT, true) !== actionTime(action)
}

/**
 * Whether an artefact without a known layout may hold an unsigned action of `owner`: its key, an option tag, and 64 zero bytes in a row.
 * Sent as it is, it would fail on every receiver.
 */
export function looksUnsigned(artifact: Uint8Array, owner: Uint8Array): boolean {
  const pattern = Buffer.concat([owner, Uint8Array.of(1), NO_SIGNATURE])
  return Buffer.from(artifact.buffer, artifact.byteOffset, artifact.length).includes(pattern)
}

/**
 * The artefact with every waiting action of `owner` signed. Its era is found by its bytes: layouts are strict, so at most one of them fits.
 * @throws RUNTIME_ARTIFACT_INVALID (guest)
 */
export function signArtifact(
  artifact: Uint8Array,
  owner: Uint8Array,
  sign: ActionSigner,
): Uint8Array {
  const { layout, actions } = decodeAny(artifact)
  for (const action of actions) {
    if (!isUnsigned(action, owner)) continue
    const storage = action.metadata.storage.slice()
    // a replayed nonce is refused by receivers, so it is the action's own time
    new DataView(storage.buffer).setBigUint64(NONCE_AT, actionTime(action), true)
    action.metadata.storage = storage
    storage.set(sign(actionDigest(layout.name, action)), SIGNATURE_AT)
  }
  return layout.encodeArtifact(actions)
}

function decodeAny(artifact: Uint8Array): { layout: Layout; actions: Action[] } {
  let failure: unknown
  for (const layout of [LAYOUTS.E5, LAYOUTS.E4, LAYOUTS.E3]) {
    try {
      return { layout, actions: layout.decodeArtifact(artifact) }
    } catch (error) {
      failure = error
    }
  }
  throw failure
}

/** The 32 bytes that a user-owned action's owner signs. */
export function actionDigest(layout: LayoutName, action: Action): Uint8Array {
  return layout === 'E5' ? digestV2(action) : digestV1(action)
}

function u64(value: bigint): Uint8Array {
  const out = new Uint8Array(8)
  new DataView(out.buffer).setBigUint64(0, value, true)
  return out
}

function digestV1(action: Action): Uint8Array {
  const { createdAt, updatedAt, storage } = action.metadata
  const unsigned = storage.slice()
  if (storage[0] === USER_TAG && storage[HAS_SIGNATURE_AT] === 1)
    unsigned.set(NO_SIGNATURE, SIGNATURE_AT)
  const metadata = [u64(createdAt), u64(updatedAt), unsigned]
  if (action.kind === 'remove') {
    return platform.sha256(utf8('v1_delete'), action.id, u64(action.deletedAt), ...metadata)
  }
  const ancestors = action.ancestors.flatMap(({ id, hash }) => [id, hash])
  return platform.sha256(utf8('v1_upsert'), action.id, action.data, ...ancestors, ...metadata)
}

/** Covers neither ancestors nor times, so that a host may drop other actions of the artefact. */
function digestV2(action: Action): Uint8Array {
  const { storage } = action.metadata
  // 02 owner, then 01 nonce or 00
  const owner = storage.subarray(OWNER_AT, HAS_SIGNATURE_AT)
  const nonce =
    storage[HAS_SIGNATURE_AT] === 1 ? storage.subarray(NONCE_AT, AFTER_NONCE) : undefined
  const access = [
    Uint8Array.of(2),
    owner,
    Uint8Array.of(nonce === undefined ? 0 : 1),
    ...(nonce === undefined ? [] : [nonce]),
  ]
  if (action.kind === 'remove') {
    return platform.sha256(utf8('v2_delete'), action.id, u64(action.deletedAt), ...access)
  }
  return platform.sha256(utf8('v2_upsert'), action.id, action.data, ...access)
}
