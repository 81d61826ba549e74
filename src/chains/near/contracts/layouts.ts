/** The bytes of the contracts' views: Borsh, in the layouts of `contracts/core`. */
import * as P from 'micro-packed'
import { MAX_U32 } from '../../../node/anchor/limits.ts'
import { bytes, bytes32, option, string, vec } from '../../../node/codec/codec.ts'
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
} from '../../shared/core/records.ts'

/** A release with its place in the order of publication. */
interface Published extends StoredPublished {
  readonly slot: number
}

/** An operation that a ring remembers. */
export interface Remembered {
  readonly place: bigint
  readonly height: bigint
  readonly digest: Uint8Array
  readonly signer: Uint8Array
  readonly nonce: bigint
  /** Undefined: it changed nothing. */
  readonly event?: Uint8Array | undefined
}

interface Page<T> {
  readonly revision: bigint
  readonly total: number
  readonly items: T[]
}

/** What views answer, by their names. */
export interface Answers {
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
  readonly changes: {
    readonly next: bigint
    readonly oldest: bigint
    readonly items: Remembered[]
  }
  /** Undefined when it was not applied, or nobody knows any more. */
  readonly applied: { readonly height: bigint | undefined }
  readonly group_credit: bigint
}

/** Name of a view. */
export type ViewName = keyof Answers

const publishedLayout: P.CoderType<Published> = P.struct({ slot: P.U32LE, ...publishedFields })

function page<T>(item: P.CoderType<T>): P.CoderType<Page<T> | undefined> {
  return option(P.struct({ revision: P.U64LE, total: P.U32LE, items: vec(item) }))
}

/** Layouts of {@link Answers}. */
export const answers: { readonly [N in ViewName]: P.CoderType<Answers[N]> } = {
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
  changes: P.struct({
    ...{ next: P.U64LE, oldest: P.U64LE },
    items: vec(
      P.struct({
        ...{ place: P.U64LE, height: P.U64LE, digest: bytes32, signer: bytes32, nonce: P.U64LE },
        event: option(bytes),
      }),
    ),
  }),
  applied: P.wrap<Answers['applied']>({
    encodeStream: (w, { height }) => {
      P.U8.encodeStream(w, height === undefined ? 0 : 1)
      if (height !== undefined) P.U64LE.encodeStream(w, height)
    },
    decodeStream: (r) => {
      const tag = P.U8.decodeStream(r)
      // 0: it was not; 2: nobody knows any more
      if (tag > 2) throw r.err(`expected 0 to 2, got ${tag}`)
      return { height: tag === 1 ? P.U64LE.decodeStream(r) : undefined }
    },
  }),
  group_credit: P.U128LE,
}

/** What views are given. */
export interface Arguments {
  readonly id: Uint8Array
  readonly identity: { readonly group: Uint8Array; readonly identity: Uint8Array }
  readonly page: { readonly id: Uint8Array; readonly offset: number; readonly length: number }
  readonly version: { readonly id: Uint8Array; readonly version: string }
  /** A group, and how many of its members. */
  readonly adoption: { readonly group: Uint8Array; readonly length: number }
  readonly signed: { readonly envelope: Uint8Array; readonly signature: Uint8Array }
  readonly changes: { readonly from?: bigint | undefined; readonly length: number }
  readonly applied: {
    readonly subject: Uint8Array
    readonly signer: Uint8Array
    readonly nonce: bigint
    readonly digest: Uint8Array
  }
}

/** Layouts of {@link Arguments}. */
export const args: { readonly [N in keyof Arguments]: P.CoderType<Arguments[N]> } = {
  id: bytes32,
  identity: P.struct({ group: bytes32, identity: bytes32 }),
  page: P.struct({ id: bytes32, offset: P.U32LE, length: P.U32LE }),
  version: P.struct({ id: bytes32, version: string }),
  adoption: P.struct({ group: bytes32, length: P.U32LE }),
  signed: P.struct({ envelope: bytes, signature: bytes }),
  changes: P.struct({ from: option(P.U64LE), length: P.U32LE }),
  applied: P.struct({ subject: bytes32, signer: bytes32, nonce: P.U64LE, digest: bytes32 }),
}

/** Arguments for part of a list; numbers beyond a u32 mean as much as the largest. */
export function pageArgs(id: Uint8Array, offset: number, length: number): Uint8Array {
  const most = (value: number): number => Math.min(value, MAX_U32)
  return args.page.encode({ id, offset: most(offset), length: most(length) })
}
