/**
 * How a contract takes over what has moved to it from its predecessor: as it stands there, by anybody's call. Nothing is taken over of invitations and of
 * those who went: what was signed for the predecessor, tickets and claims too, names it and is void here, and there is nothing else that what is kept of
 * them would be for.
 */
import { equalBytes } from '../../../../node/primitives/bytes.ts'
import { type ContextId, type GroupId, PublicKey } from '../../../../node/primitives/ids.ts'
import { refusal, type Refusal, type RefusalName } from '../../../../node/anchor/errors.ts'
import type { AnchorEvent } from '../../../../node/anchor/events.ts'
import { hasMoved, headerKey, memberKey, slotKey, type Effect, type StateView } from './state.ts'

/** What a contract knows when it takes something over. */
export interface AdoptContext {
  /** Its own address as it stands in its domain. */
  readonly contract: Uint8Array
  /** Records of its predecessor. */
  readonly predecessor: StateView
  /** Unix seconds. */
  readonly now: bigint
}

/** What is to be stored and announced, or why nothing is. */
export type Adoption =
  | { readonly accepted: true; readonly effects: readonly Effect[]; readonly event: AnchorEvent }
  | { readonly accepted: false; readonly refusal: Refusal }

/** Who signs what nobody signs. */
const NOBODY = PublicKey.from(new Uint8Array(32))

function refuse(name: RefusalName): Adoption {
  return { accepted: false, refusal: refusal(name) }
}

/** A group with all its members. A contract may take several calls for what is one here; until the last one the group does not exist. */
export function adoptGroup(view: StateView, id: GroupId, context: AdoptContext): Adoption {
  const { contract, predecessor, now } = context
  const key = headerKey(id)
  if (view.get('groups', key) !== undefined) return refuse('ContextExists')
  const header = predecessor.get('groups', key)
  const isOurs =
    header?.migration !== undefined &&
    equalBytes(header.migration.successor, contract) &&
    hasMoved(header, now)
  if (!isOurs) return refuse('ContextNotFound')
  const effects: Effect[] = [{ table: 'groups', key, value: { ...header, migration: undefined } }]
  for (let slot = 0; slot < header.count; slot++) {
    const identity = predecessor.get('slots', slotKey(id, slot))
    if (identity === undefined) continue // each slot below the count has somebody
    const member = memberKey(id, identity)
    effects.push(
      { table: 'slots', key: slotKey(id, slot), value: identity },
      { table: 'members', key: member, value: predecessor.get('members', member) },
    )
  }
  const event = { name: 'GroupAdopted', revision: header.membersRevision, subject: id } as const
  return { accepted: true, effects, event: { ...event, signer: NOBODY, nonce: 0n } }
}

/** A context whose group is here. */
export function adoptContext(
  view: StateView,
  id: ContextId,
  { predecessor }: Pick<AdoptContext, 'predecessor'>,
): Adoption {
  const key = headerKey(id)
  if (view.get('contexts', key) !== undefined) return refuse('ContextExists')
  const context = predecessor.get('contexts', key)
  if (context === undefined) return refuse('ContextNotFound')
  // contexts that are made here have other ids than the predecessor's: only by moving can such a group be here
  if (view.get('groups', headerKey(context.group)) === undefined) return refuse('ContextNotFound')
  const { applicationRevision: revision } = context
  const event = { name: 'ContextAdopted', revision, subject: id } as const
  return {
    accepted: true,
    effects: [{ table: 'contexts', key, value: context }],
    event: { ...event, signer: NOBODY, nonce: 0n },
  }
}
