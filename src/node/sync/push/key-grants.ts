/** Gives the group's keys to members, each epoch once while this node runs. */
import { LRUCache } from 'lru-cache'
import { type ContextId, idKey } from '../../primitives/ids.ts'
import type { KeyGrant, Party, ReplicaSource } from '../replica.ts'

/** Members whose last given epoch is remembered. */
const REMEMBERED_MEMBERS = 16_384

export class KeyGrants {
  readonly #replica: ReplicaSource
  /** So that a reconnect costs no sealing. What gets lost on the way is asked for by the member. */
  readonly #given = new LRUCache<string, number>({ max: REMEMBERED_MEMBERS })

  constructor(replica: ReplicaSource) {
    this.#replica = replica
  }

  /** Seals what a member does not have from us and hands it to `send`. A relay gets none. */
  async give(
    context: ContextId,
    party: Party,
    send: (grants: readonly KeyGrant[]) => boolean,
  ): Promise<void> {
    const epoch = this.#replica.frontier(context)?.epoch
    const key = idKey(context) + idKey(party.identity)
    if (party.role === 'relay' || epoch === undefined) return
    if ((this.#given.get(key) ?? -1) >= epoch) return
    const grants = await this.#replica.grantKeys(context, party.identity, [])
    if (grants.length > 0 && send(grants)) this.#given.set(key, epoch)
  }
}
