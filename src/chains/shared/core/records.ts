/** Records as contracts of `contracts/core` store them: Borsh, in its layouts. */
import * as P from 'micro-packed'
import { bytes, bytes32, option, string, vec } from '../../../node/codec/codec.ts'

export interface StoredApplication {
  readonly id: Uint8Array
  readonly blob: Uint8Array
  readonly size: bigint
  readonly source: Uint8Array
  readonly metadata: Uint8Array
}

export interface StoredContext {
  readonly group: Uint8Array
  readonly application: StoredApplication
  readonly applicationRevision: bigint
}

export interface StoredGroup {
  readonly membersRevision: bigint
  readonly capabilitiesRevision: bigint
  readonly count: number
  readonly managers: number
  readonly approvers: number
  readonly sealed: boolean
  readonly migration?: { readonly successor: Uint8Array; readonly movesAt: bigint } | undefined
}

export interface StoredMember {
  readonly slot: number
  readonly role: number
  readonly capabilities: number
  readonly nonce: bigint
  readonly joinedRevision: bigint
  readonly series: number
}

export interface StoredPackage {
  readonly name: string
  readonly description: string
  readonly repository: string
  readonly owners: Uint8Array[]
  readonly offered: Uint8Array[]
  readonly revision: bigint
  readonly releases: number
  readonly available: number
}

export interface StoredRelease {
  readonly version: Uint8Array
  readonly bundle: Uint8Array
  readonly size: bigint
  readonly blob: Uint8Array
  readonly sources: Uint8Array[]
  readonly signer: Uint8Array
  readonly abi: Uint8Array
  readonly minRuntime: Uint8Array
  readonly notes: Uint8Array
}

/** A release, and what became of it. */
export interface StoredPublished {
  readonly release: StoredRelease
  readonly publisher: Uint8Array
  readonly previous: number
  readonly next: number
  readonly yankReason?: string | undefined
}

/** What is kept of an identity that is no member. */
interface StoredPast {
  /** Nonce that its next claim must have. */
  readonly nonce: bigint
  readonly barred: boolean
  /** Last second at which this counts, Unix time. */
  readonly until: bigint
}

/** Numbers of the highest releases of a line that are not yanked, by channel; 0 for none. */
interface StoredLine {
  readonly stable: number
  readonly preRelease: number
}

/** Layouts of the fields of a record, in their order. */
type Fields<T> = { readonly [K in keyof T]-?: P.CoderType<T[K]> }

// an application and a release are read by the codecs that write them: here only where they end matters
export const applicationLayout: P.CoderType<StoredApplication> = P.struct({
  ...{ id: bytes32, blob: bytes32, size: P.U64LE, source: bytes, metadata: bytes },
})
export const releaseLayout: P.CoderType<StoredRelease> = P.struct({
  ...{ version: bytes, bundle: bytes32, size: P.U64LE, blob: bytes32, sources: vec(bytes) },
  ...{ signer: bytes32, abi: bytes32, minRuntime: bytes, notes: bytes32 },
})

export const contextLayout: P.CoderType<StoredContext> = P.struct({
  group: bytes32,
  application: applicationLayout,
  applicationRevision: P.U64LE,
})

/** Of a group; some answers have more before them. */
export const groupFields: Fields<StoredGroup> = {
  ...{ membersRevision: P.U64LE, capabilitiesRevision: P.U64LE },
  ...{ count: P.U32LE, managers: P.U32LE, approvers: P.U8, sealed: P.bool },
  migration: option(P.struct({ successor: bytes, movesAt: P.U64LE })),
}

export const memberLayout: P.CoderType<StoredMember> = P.struct({
  ...{ slot: P.U32LE, role: P.U8, capabilities: P.U8, nonce: P.U64LE },
  ...{ joinedRevision: P.U64LE, series: P.U16LE },
})

export const pastLayout: P.CoderType<StoredPast> = P.struct({
  ...{ nonce: P.U64LE, barred: P.bool, until: P.U64LE },
})

export const lineLayout: P.CoderType<StoredLine> = P.struct({
  stable: P.U32LE,
  preRelease: P.U32LE,
})

export const packageLayout: P.CoderType<StoredPackage> = P.struct({
  ...{ name: string, description: string, repository: string },
  ...{ owners: vec(bytes32), offered: vec(bytes32) },
  ...{ revision: P.U64LE, releases: P.U32LE, available: P.U32LE },
})

/** Of a release; some answers have more before them. */
export const publishedFields: Fields<StoredPublished> = {
  ...{ release: releaseLayout, publisher: bytes32, previous: P.U32LE, next: P.U32LE },
  yankReason: option(string),
}
