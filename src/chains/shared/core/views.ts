/** What views of contracts of `contracts/core` answer: Borsh, in its layouts, whatever the chain wraps them in. */
import * as P from 'micro-packed'
import type { MemberRecord } from '../../../node/anchor/anchor.ts'
import { refusal, type Refusal, refusalNumbered } from '../../../node/anchor/errors.ts'
import type { LatestReleases, ReleasePage } from '../../../node/anchor/packages/registry.ts'
import type { MemberPage, Standing } from '../../../node/anchor/service.ts'
import { bytes, bytes32, option, vec } from '../../../node/codec/codec.ts'
import { PublicKey } from '../../../node/primitives/ids.ts'
import {
  contextLayout,
  groupFields,
  memberLayout,
  packageLayout,
  publishedFields,
  type StoredContext,
  type StoredGroup,
  type StoredMember,
  type StoredPackage,
  type StoredPublished,
} from './records.ts'
import { copy, toMember, toRelease, Unknown } from './values.ts'

/** A release with its place in the order of publication. */
interface Published extends StoredPublished {
  readonly slot: number
}

interface Page<T> {
  readonly revision: bigint
  readonly total: number
  readonly items: T[]
}

/** What views answer, by their names. */
export interface CoreAnswers {
  readonly context: StoredContext | undefined
  readonly group: (StoredGroup & { readonly id: Uint8Array }) | undefined
  readonly member: { readonly isKnown: boolean; readonly member?: StoredMember | undefined }
  readonly standing: {
    readonly isKnown: boolean
    readonly nonce: bigint
    readonly joinedRevision: bigint
    readonly series: number
  }
  readonly members:
    Page<{ readonly identity: Uint8Array; readonly member: StoredMember }> | undefined
  readonly package: StoredPackage | undefined
  readonly release: Published | undefined
  readonly latest: {
    readonly stable?: Published | undefined
    readonly preRelease?: Published | undefined
  }
  readonly releases: Page<Published> | undefined
  readonly nonce: bigint
  /** Number of the refusal, or 0; the nonce that would be right; bytes by which what is stored would grow. */
  readonly check: {
    readonly number: number
    readonly expected?: bigint | undefined
    readonly growth: bigint
  }
  readonly info: {
    readonly version: number
    readonly network: Uint8Array
    readonly predecessor?: Uint8Array | undefined
    readonly operations: bigint
  }
}

const publishedLayout: P.CoderType<Published> = P.struct({ slot: P.U32LE, ...publishedFields })

function page<T>(item: P.CoderType<T>): P.CoderType<Page<T> | undefined> {
  return option(P.struct({ revision: P.U64LE, total: P.U32LE, items: vec(item) }))
}

/** Layouts of {@link CoreAnswers}. */
export const coreAnswers: { readonly [N in keyof CoreAnswers]: P.CoderType<CoreAnswers[N]> } = {
  context: option(contextLayout),
  group: option(P.struct({ id: bytes32, ...groupFields })),
  member: P.struct({ isKnown: P.bool, member: option(memberLayout) }),
  standing: P.struct({
    ...{ isKnown: P.bool, nonce: P.U64LE, joinedRevision: P.U64LE, series: P.U16LE },
  }),
  members: page(P.struct({ identity: bytes32, member: memberLayout })),
  package: option(packageLayout),
  release: option(publishedLayout),
  latest: P.struct({ stable: option(publishedLayout), preRelease: option(publishedLayout) }),
  releases: page(publishedLayout),
  nonce: P.U64LE,
  check: P.struct({ number: P.U8, expected: option(P.U64LE), growth: P.I64LE }),
  info: P.struct({
    ...{ version: P.U16LE, network: bytes, predecessor: option(bytes), operations: P.U64LE },
  }),
}

/** The refusal of `check`; undefined for none. @throws RangeError for a number that nobody knows */
export function refusalOf({ number, expected }: CoreAnswers['check']): Refusal | undefined {
  if (number === 0) return undefined
  const found = refusalNumbered(number)
  if (found === undefined) throw new RangeError(`expected a refusal, got ${number}`)
  return expected === undefined ? found : refusal(found.name, expected)
}

/** `member(group, identity)`; undefined when it is none. */
export function toMemberOf(
  identity: PublicKey,
  { isKnown, member }: CoreAnswers['member'],
): MemberRecord | undefined | Unknown {
  if (!isKnown) return new Unknown('ContextNotFound')
  return member && toMember(identity, member)
}

/** `standing(group, identity)`. */
export function toStanding({ isKnown, ...standing }: CoreAnswers['standing']): Standing | Unknown {
  return isKnown ? standing : new Unknown('ContextNotFound')
}

/** `members(group, offset, length)`. */
export function toPage(found: CoreAnswers['members']): MemberPage | Unknown {
  if (found === undefined) return new Unknown('ContextNotFound')
  const { revision, total, items } = found
  return {
    ...{ revision, total },
    items: items.map(({ identity, member }) => toMember(PublicKey.from(copy(identity)), member)),
  }
}

/** `latest(id)`. */
export function toLatest({ stable, preRelease }: CoreAnswers['latest']): LatestReleases {
  return {
    stable: stable && toRelease(stable.slot, stable),
    preRelease: preRelease && toRelease(preRelease.slot, preRelease),
  }
}

/** `releases(id, offset, length)`. */
export function toReleasePage(found: CoreAnswers['releases']): ReleasePage | Unknown {
  if (found === undefined) return new Unknown('PackageNotFound')
  const { revision, total, items } = found
  return { revision, total, items: items.map((item) => toRelease(item.slot, item)) }
}
