/** The bytes of the contracts' views: Borsh, in the layouts of `contracts/core`. */
import * as P from 'micro-packed'
import { MAX_U32 } from '../../../node/anchor/limits.ts'
import { bytes, bytes32, option, string, vec } from '../../../node/codec/codec.ts'
import { type CoreAnswers, coreAnswers } from '../../shared/core/views.ts'

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

/** What views answer, by their names. */
export interface Answers extends CoreAnswers {
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

/** Layouts of {@link Answers}. */
export const answers: { readonly [N in ViewName]: P.CoderType<Answers[N]> } = {
  ...coreAnswers,
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
