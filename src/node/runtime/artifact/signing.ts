/**
 * Entries with owners or writers: the guest leaves 64 zero bytes where the author's signature belongs, the host signs after the call, and
 * receivers verify. What is signed is a SHA-256 digest whose construction differs between eras.
 */
import { platform } from '#platform'
import { concat, equalBytes, toHex, utf8 } from '../../primitives/bytes.ts'
import type { ActionSigner } from '../state-model.ts'
import { isBlank, readAccess, SIGNATURE_BYTES, signatureOf } from './access.ts'
import { actionTime, type Action, type Layout, type LayoutName, LAYOUTS } from './layout.ts'

const ANCHOR_TAG = 3
const MEMBER_TAG = 4
const NO_SIGNATURE = new Uint8Array(SIGNATURE_BYTES)
/** What stands for the storage type in a digest of E5, whose tags are others. */
const DIGEST_TAGS: readonly number[] = [0, 2, 1, 3, 4]

/** Whether an entity may be added only, never changed. */
export function isFrozen(action: Action): boolean {
  return readAccess(action.metadata.storage).kind === 'frozen'
}

/** Whether an entity has writers of its own, or is written by those of another one. */
export function isShared(action: Action): boolean {
  const tag = action.metadata.storage[0]
  return tag === ANCHOR_TAG || tag === MEMBER_TAG
}

/** Whether an action waits for the signature of `executor`. */
export function isUnsigned(action: Action, executor: Uint8Array): boolean {
  const access = readAccess(action.metadata.storage)
  const signature = signatureOf(access)
  if (signature === undefined || !isBlank(signature)) return false
  return access.kind === 'user'
    ? equalBytes(access.owner, executor)
    : signature.signer === toHex(executor)
}

/**
 * Whether a signature covers another time than that of its action. The time itself is not signed, and by it copies decide what is newer: a
 * signed value of long ago could be sent again as the newest, even after its removal.
 */
export function hasForeignNonce(action: Action): boolean {
  const signature = signatureOf(readAccess(action.metadata.storage))
  return signature !== undefined && signature.nonce !== actionTime(action)
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
 * The artefact with every waiting action of `executor` signed. Its era is found by its bytes: layouts are strict, so at most one of them fits.
 * @throws RUNTIME_ARTIFACT_INVALID (guest)
 */
export function signArtifact(
  artifact: Uint8Array,
  executor: Uint8Array,
  sign: ActionSigner,
): Uint8Array {
  const { layout, actions } = decodeAny(artifact)
  for (const action of actions) {
    const signature = signatureOf(readAccess(action.metadata.storage))
    if (signature === undefined || !isUnsigned(action, executor)) continue
    const storage = action.metadata.storage.slice()
    // a replayed nonce is refused by receivers, so it is the action's own time
    const nonceAt = signature.at + SIGNATURE_BYTES
    new DataView(storage.buffer).setBigUint64(nonceAt, actionTime(action), true)
    action.metadata.storage = storage
    storage.set(sign(actionDigest(layout.name, action)), signature.at)
  }
  return layout.encodeArtifact(actions)
}

function decodeAny(artifact: Uint8Array): { layout: Layout; actions: Action[] } {
  let failure: unknown
  for (const layout of [LAYOUTS.E5, LAYOUTS.E5a, LAYOUTS.E4, LAYOUTS.E3]) {
    try {
      return { layout, actions: layout.decodeArtifact(artifact) }
    } catch (error) {
      failure = error
    }
  }
  throw failure
}

/** The 32 bytes that are signed of an action. */
export function actionDigest(layout: LayoutName, action: Action): Uint8Array {
  return layout === 'E5' || layout === 'E5a' ? digestV2(action) : digestV1(action)
}

function u64(value: bigint): Uint8Array {
  const out = new Uint8Array(8)
  new DataView(out.buffer).setBigUint64(0, value, true)
  return out
}

function digestV1(action: Action): Uint8Array {
  const { createdAt, updatedAt, storage } = action.metadata
  const unsigned = storage.slice()
  const signature = signatureOf(readAccess(storage))
  if (signature !== undefined) unsigned.set(NO_SIGNATURE, signature.at)
  const metadata = [u64(createdAt), u64(updatedAt), unsigned]
  if (action.kind === 'remove') {
    return platform.sha256(utf8('v1_delete'), action.id, u64(action.deletedAt), ...metadata)
  }
  const ancestors = action.ancestors.flatMap(({ id, hash }) => [id, hash])
  return platform.sha256(utf8('v1_upsert'), action.id, action.data, ...ancestors, ...metadata)
}

/** Covers neither ancestors nor times, so that a host may drop other actions of the artefact. */
function digestV2(action: Action): Uint8Array {
  const access = accessDigest(action.metadata.storage)
  if (action.kind === 'remove') {
    return platform.sha256(utf8('v2_delete'), action.id, u64(action.deletedAt), access)
  }
  return platform.sha256(utf8('v2_upsert'), action.id, action.data, access)
}

/** The storage type with a tag of its own and without the 64 bytes; of a user's own entry also without a signer, who is the owner. */
function accessDigest(storage: Uint8Array): Uint8Array {
  const access = readAccess(storage)
  const tag = Uint8Array.of(DIGEST_TAGS[storage[0] ?? 0] ?? 0)
  const signature = signatureOf(access)
  if (signature === undefined) return concat(tag, storage.subarray(1))
  const nonceAt = signature.at + SIGNATURE_BYTES
  const end = access.kind === 'user' ? nonceAt + 8 : storage.length
  return concat(tag, storage.subarray(1, signature.at), storage.subarray(nonceAt, end))
}
