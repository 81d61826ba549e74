/** What a log tells, held against what is stored. */
import { expect } from 'chai'
import { MAX_LIVE_INVITATIONS } from '../../../src/node/anchor/limits.ts'
import {
  bookKey,
  headerKey,
  memberKey,
  slotKey,
  standingOf,
  type StateView,
} from '../../../src/chains/local/model/groups/state.ts'
import type { ContextId, GroupId, PublicKey } from '../../../src/node/primitives/ids.ts'
import { toHex } from '../../../src/node/primitives/bytes.ts'
import { placesKey, type Projection } from './projection.ts'

/** What is stored, and what of it is asked for. */
export interface Stored {
  readonly state: StateView
  readonly now: bigint
  readonly contexts: readonly ContextId[]
  readonly groups: readonly GroupId[]
  /** Whoever may be, or have been, a member. */
  readonly people: readonly PublicKey[]
  /** Digests of invitations, hexadecimal. */
  readonly invitations: readonly string[]
}

/** Fails unless the log tells as much as the stored records do: of contexts, groups, members, who went, and invitations. */
export function expectProjected(projection: Projection, stored: Stored): void {
  const { state, now, contexts, groups, people, invitations } = stored
  for (const id of contexts) {
    const record = state.get('contexts', headerKey(id))
    expect(projection.contexts.get(toHex(id)), 'context').to.deep.equal({
      group: toHex(record?.group ?? id),
      application: toHex(record?.application.id ?? id),
      revision: record?.applicationRevision,
    })
  }
  for (const id of groups) {
    const header = state.get('groups', headerKey(id))
    if (header === undefined) continue
    const projected = projection.groups.get(toHex(id))
    const { membersRevision, capabilitiesRevision, sealed, options, migration } = header
    expect(projected, 'group').to.deep.include({
      ...{ membersRevision, capabilitiesRevision, sealed, options, migration },
    })
    const members = Array.from({ length: header.count }, (_, slot) => {
      const identity = state.get('slots', slotKey(id, slot))
      const member = identity && state.get('members', memberKey(id, identity))
      if (identity === undefined || member === undefined) return ['', undefined] as const
      const { role, capabilities, joinedRevision, series } = member
      return [toHex(identity), { role, capabilities, joinedRevision, series }] as const
    })
    expect(new Map(projected?.members), 'members').to.deep.equal(new Map(members))
    for (const who of people) {
      const kept = state.get('past', memberKey(id, who))
      const past = kept && { barred: kept.barred, until: kept.until }
      expect(projected?.past.get(toHex(who)), 'who went').to.deep.equal(past)
      const standing = standingOf(state, id, who, now)
      if (standing.joinedRevision === 0n) continue
      const live = (ends: readonly bigint[]): bigint[] => ends.filter((end) => end >= now)
      const book = state.get('books', bookKey(id, who, standing)) ?? []
      const told = projected?.places.get(placesKey(who, standing)) ?? []
      expect(live(told), 'places').to.deep.equal(live(book.map(({ notAfter }) => notAfter)))
      expect(live(told).length, 'places').to.be.at.most(MAX_LIVE_INVITATIONS)
    }
  }
  for (const digest of invitations) {
    const known = state.get('invitations', digest)
    const told = [...projection.groups.values()].map((group) => group.invitations.get(digest))
    // what has expired is forgotten when its place is needed
    const live = [known, ...told].filter((one) => one !== undefined && one.notAfter >= now)
    for (const one of live) expect(one, 'invitation').to.deep.equal(known)
    expect(live.length === 0 || live.length === 2, 'invitation told and stored').to.equal(true)
  }
}
