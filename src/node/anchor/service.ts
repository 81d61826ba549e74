/**
 * The narrow port between an `Anchor` and whoever applies envelopes: the authority in this process, or one behind HTTP. Everything an
 * anchor promises beyond it (nonces, batches, whole member lists, watching) is built once, in `envelope-anchor.ts`.
 */
import type { ContextId, GroupId, PublicKey } from '../primitives/ids.ts'
import type { AnchorChange, ContextRecord, GroupRecord, MemberRecord } from './anchor.ts'
import type { Refusal } from './errors.ts'
import type { SignedEnvelope } from './model/decide.ts'
import type { MemberPage } from './model/queries.ts'
import type { Domain } from './operations.ts'

/** A value and the height it was read at. */
export interface Answer<T> {
  readonly value: T
  readonly height: bigint
}

/** What became of an envelope. */
export type Submission =
  | {
      readonly accepted: true
      /** The envelope's digest, hexadecimal. */
      readonly transaction: string
      readonly height: bigint
    }
  | { readonly accepted: false; readonly refusal: Refusal }

/** Changes above a height, oldest first. */
export interface Changes {
  /** Ask for changes above this one next. */
  readonly height: bigint
  readonly changes: readonly AnchorChange[]
  /** Changes are no longer remembered back to where the question began, or there was another history. */
  readonly missed: boolean
}

export interface ServiceOptions {
  readonly signal?: AbortSignal | undefined
}

/** Every method may throw ANCHOR_UNREACHABLE (transport) or ANCHOR_BAD_ANSWER (protocol). */
export interface EnvelopeService {
  readDomain(options?: ServiceOptions): Promise<Domain>
  readContext(id: ContextId, options?: ServiceOptions): Promise<Answer<ContextRecord | undefined>>
  readGroup(id: GroupId, options?: ServiceOptions): Promise<Answer<GroupRecord | undefined>>
  /** @throws ANCHOR_REJECTED with error 5 for an unknown group */
  readMember(
    group: GroupId,
    identity: PublicKey,
    options?: ServiceOptions,
  ): Promise<Answer<MemberRecord | undefined>>
  /** At most MAX_PAGE members, whatever the length. */
  readMemberPage(
    group: GroupId,
    offset: number,
    length: number,
    options?: ServiceOptions,
  ): Promise<Answer<MemberPage | undefined>>
  /** Height at which a transaction was accepted; undefined when it was not, or long ago. */
  findTransaction(transaction: string, options?: ServiceOptions): Promise<bigint | undefined>
  /** @throws ANCHOR_BUSY (limit) */
  submit(signed: SignedEnvelope, options?: ServiceOptions): Promise<Submission>
  /** Answers at once when there are changes, otherwise after the first one or `waitMs`. Without `since`: only the height. */
  waitForChanges(
    since: bigint | undefined,
    waitMs: number,
    options?: ServiceOptions,
  ): Promise<Changes>
}
