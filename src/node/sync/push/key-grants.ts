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
    const given = this.#given.get(key) ?? -1
    if (given >= epoch) return
    // all at first, and from then on what is new: to seal them all again each time would be the work of a squanderer
    const news = given < 0 ? [] : range(given + 1, epoch)
    const all = await this.#replica.grantKeys(context, party.identity, news)
    // what nobody vouched for is given to who asks for it
    const grants = all.filter(({ coversTo }) => coversTo > 0n)
    if (grants.length > 0 && send(grants)) this.#given.set(key, epoch)
  }
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}
