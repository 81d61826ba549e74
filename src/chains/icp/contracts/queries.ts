/** What the contracts' queries say, made again of the rows that they read: as `queries` of `contracts/core` has them. */
import * as P from 'micro-packed'
import type { ContextRecord, GroupRecord, MemberRecord } from '../../../node/anchor/anchor.ts'
import { MAX_PAGE, MAX_RELEASE_PAGE, MAX_U32 } from '../../../node/anchor/limits.ts'
import type {
  LatestReleases,
  PackageRecord,
  ReleasePage,
  ReleaseRecord,
} from '../../../node/anchor/packages/registry.ts'
import type { MemberPage, Standing } from '../../../node/anchor/service.ts'
import { bytes32 } from '../../../node/codec/codec.ts'
import {
  type ContextId,
  type GroupId,
  type PackageId,
  PublicKey,
} from '../../../node/primitives/ids.ts'
import { badAnswer } from '../../../node/anchor/errors.ts'
import {
  contextLayout,
  groupFields,
  lineLayout,
  memberLayout,
  packageLayout,
  pastLayout,
  publishedFields,
} from '../../shared/core/records.ts'
import {
  copy,
  toContext,
  toGroup,
  toMember,
  toPackage,
  toRelease,
  Unknown,
} from '../../shared/core/values.ts'
import type { Argument } from './candid.ts'
import { keys } from './keys.ts'
import type { Proven, Rows } from './rows.ts'

const groupLayout = P.struct(groupFields)
const publishedLayout = P.struct(publishedFields)
const NS_PER_SECOND = 1_000_000_000n

export function contextIn({ rows }: Proven, id: ContextId): ContextRecord | Unknown {
  return toContext(id, rows.read(keys.context(id), contextLayout))
}

export function groupIn({ rows }: Proven, id: GroupId): GroupRecord | Unknown {
  return toGroup(id, rows.read(keys.group(id), groupLayout))
}

/** Undefined when it is none. */
export function memberIn(
  { rows }: Proven,
  group: GroupId,
  identity: PublicKey,
): MemberRecord | undefined | Unknown {
  if (rows.get(keys.group(group)) === undefined) return new Unknown('ContextNotFound')
  const member = rows.read(keys.member(group, identity), memberLayout)
  return member && toMember(identity, member)
}

/** What is kept of those who went counts until the time that the rows are of. */
export function standingIn(
  { rows, time }: Proven,
  group: GroupId,
  identity: PublicKey,
): Standing | Unknown {
  if (rows.get(keys.group(group)) === undefined) return new Unknown('ContextNotFound')
  const member = rows.read(keys.member(group, identity), memberLayout)
  if (member !== undefined) {
    const { nonce, joinedRevision, series } = member
    return { nonce, joinedRevision, series }
  }
  const past = rows.read(keys.past(group, identity), pastLayout)
  const counts = past !== undefined && past.until >= time / NS_PER_SECOND
  return { nonce: counts ? past.nonce : 0n, joinedRevision: 0n, series: 0 }
}

export function membersIn(
  { rows }: Proven,
  id: GroupId,
  offset: number,
  length: number,
): MemberPage | Unknown {
  const group = rows.read(keys.group(id), groupLayout)
  if (group === undefined) return new Unknown('ContextNotFound')
  const items: MemberRecord[] = []
  const end = Math.min(offset + Math.min(length, MAX_PAGE), group.count)
  for (let slot = offset; slot < end; slot++) {
    const identity = rows.read(keys.slot(id, slot), bytes32)
    const member = identity && rows.read(keys.member(id, identity), memberLayout)
    if (identity === undefined || member === undefined) throw broken(rows)
    items.push(toMember(PublicKey.from(copy(identity)), member))
  }
  return { revision: group.membersRevision, total: group.count, items }
}

/** Of rows that `latest` reads, which are more than those of the package. */
export function packageIn(proven: Proven, id: PackageId): PackageRecord | Unknown {
  const found = proven.rows.read(keys.package(id), packageLayout)
  if (found === undefined) return new Unknown('PackageNotFound')
  return toPackage(id, found, highestIn(proven.rows, id))
}

export function latestIn({ rows }: Proven, id: PackageId): LatestReleases | Unknown {
  if (rows.get(keys.package(id)) === undefined) return new Unknown('PackageNotFound')
  return highestIn(rows, id)
}

/** Undefined when it is proven that there is none: whether there is the package it does not say. */
export function releaseIn(
  { rows }: Proven,
  id: PackageId,
  version: string,
): ReleaseRecord | undefined {
  const number = rows.read(keys.number(id, version), P.U32LE)
  return number === undefined ? undefined : releaseAt(rows, id, number)
}

/** What asks for part of a list; numbers beyond a u32 mean as much as the largest. */
export function pageOf(id: Uint8Array, offset: number, length: number): readonly Argument[] {
  const most = (value: number): Argument => ({ nat32: Math.min(value, MAX_U32) })
  return [{ blob: id }, most(offset), most(length)]
}

/** The newest first. */
export function releasesIn(
  { rows }: Proven,
  id: PackageId,
  offset: number,
  length: number,
): ReleasePage | Unknown {
  const found = rows.read(keys.package(id), packageLayout)
  if (found === undefined) return new Unknown('PackageNotFound')
  const { revision, releases: total } = found
  const newest = Math.max(0, total - offset)
  const count = Math.min(newest, length, MAX_RELEASE_PAGE)
  const items = Array.from({ length: count }, (_, at) => releaseAt(rows, id, newest - at))
  return { revision, total, items }
}

export function nonceIn({ rows }: Proven, signer: PublicKey): bigint {
  return rows.read(keys.nonce(signer), P.U64LE) ?? 0n
}

/** Numbers count from 1, places from 0. */
function releaseAt(rows: Rows, id: PackageId, number: number): ReleaseRecord {
  const found = rows.read(keys.release(id, number), publishedLayout)
  if (found === undefined) throw broken(rows)
  return toRelease(number - 1, found)
}

/** Channels, as keys number them. */
const [STABLE, PRE_RELEASE] = [0, 1]

function highestIn(rows: Rows, id: PackageId): LatestReleases {
  const highest = (channel: number): ReleaseRecord | undefined => {
    const major = highestMajor(rows, id, channel)
    if (major === undefined) return undefined
    const line = rows.read(keys.line(id, major), lineLayout)
    const number = channel === STABLE ? line?.stable : line?.preRelease
    return number === undefined || number === 0 ? undefined : releaseAt(rows, id, number)
  }
  return { stable: highest(STABLE), preRelease: highest(PRE_RELEASE) }
}

const LEVELS = 4

/** The greatest number of a set that is kept as a tree of words of bits: see `majors` of the core. */
function highestMajor(rows: Rows, id: PackageId, channel: number): number | undefined {
  let prefix = 0
  for (let level = LEVELS - 1; level >= 0; level--) {
    const bit = highestBit(rows.read(keys.word(id, channel, level, prefix), bytes32))
    if (bit !== undefined) prefix = prefix * 256 + bit
    else if (level === 0) return undefined
  }
  return prefix
}

function highestBit(word: Uint8Array | undefined): number | undefined {
  const at = word?.findLastIndex((byte) => byte !== 0) ?? -1
  return at < 0 ? undefined : 8 * at + 31 - Math.clz32(word?.[at] ?? 0)
}

/** Rows that are proven and do not fit together: another contract's, or of a version that this release does not know. */
function broken({ where }: Rows): Error {
  return badAnswer(where, 'rows that do not fit together')
}
