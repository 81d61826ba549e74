/** Between the values of {@link ReplicaSource} and the frames that carry them. */
import { frontierHash } from '../codec/frontier.ts'
import {
  MAX_FRAME_GRANTS,
  MAX_FRAME_HEADS,
  type WireFrontier,
  type WireGrant,
} from '../codec/push-frames.ts'
import { DeltaId, PublicKey, ZERO_ID } from '../primitives/ids.ts'
import type { Frontier, KeyGrant } from './replica.ts'

/** Where a copy without any state stands. */
export const NO_FRONTIER: Frontier = {
  root: ZERO_ID,
  heads: [],
  applied: 0n,
  hlc: new Uint8Array(24),
  epoch: 0,
  hash: frontierHash([]),
}

/** A frontier for a frame. Heads above the frame's limit are left out: a peer that fetches some learns of the others. */
export function toWireFrontier(frontier: Frontier): WireFrontier {
  return { ...frontier, heads: frontier.heads.slice(0, MAX_FRAME_HEADS) }
}

/** A frontier from a frame. */
export function fromWireFrontier(wire: WireFrontier): Frontier {
  const { root, applied, hlc, epoch, hash } = wire
  return { root, heads: toDeltaIds(wire.heads), applied, hlc, epoch, hash }
}

/** Grants for frames, as many to each as fit. */
export function toWireGrants(grants: readonly KeyGrant[]): WireGrant[][] {
  const batches: WireGrant[][] = []
  for (let at = 0; at < grants.length; at += MAX_FRAME_GRANTS) {
    batches.push(grants.slice(at, at + MAX_FRAME_GRANTS).map((grant) => ({ ...grant })))
  }
  return batches
}

/** Grants from a frame. */
export function fromWireGrants(grants: readonly WireGrant[]): KeyGrant[] {
  return grants.map((grant) => ({ ...grant, giver: PublicKey.from(grant.giver) }))
}

/** Ids from a frame. */
export function toDeltaIds(ids: readonly Uint8Array[]): DeltaId[] {
  return ids.map((id) => DeltaId.from(id))
}
