/**
 * Which major lines of a package have something to offer in a channel: a set of u32 numbers whose greatest is found in a few look-ups, as a
 * tree of bits. A word of 256 bits says which of 256 numbers are in the set; above it three levels of words say which words below are not
 * empty. Numbers under 256, nearly all there are, live in one word that no level above mentions: it counts when nothing greater is there.
 */
import type { PackageId } from '../../../../node/primitives/ids.ts'
import { packageKey, type Channel, type PackageTableDraft, type PackageView } from './state.ts'

const LEVELS = [0, 1, 2, 3]

/** Key of the word that holds a number at a level. */
function wordKey(id: PackageId, channel: Channel, level: number, prefix: number): string {
  return `${packageKey(id)} ${channel} ${level} ${prefix}`
}

/** A number without its `count` lowest bytes. */
function above(major: number, count: number): number {
  return Math.floor(major / 256 ** count)
}

function setBits(
  draft: PackageTableDraft,
  id: PackageId,
  channel: Channel,
  major: number,
  isIn: boolean,
): void {
  for (const level of LEVELS) {
    const key = wordKey(id, channel, level, above(major, level + 1))
    const before = draft.get('majors', key) ?? 0n
    const bit = 1n << BigInt(above(major, level) % 256)
    const after = isIn ? before | bit : before & ~bit
    draft.set('majors', key, after === 0n ? undefined : after)
    // the levels above say only whether this word is empty
    if (major < 256 || (isIn ? before : after) !== 0n) return
  }
}

/** Puts a number into the set. */
export function addMajor(
  draft: PackageTableDraft,
  id: PackageId,
  channel: Channel,
  major: number,
): void {
  setBits(draft, id, channel, major, true)
}

/** Takes a number out of the set. */
export function removeMajor(
  draft: PackageTableDraft,
  id: PackageId,
  channel: Channel,
  major: number,
): void {
  setBits(draft, id, channel, major, false)
}

/** The greatest number of the set. */
export function highestMajor(
  view: PackageView,
  id: PackageId,
  channel: Channel,
): number | undefined {
  let prefix = 0
  for (const level of LEVELS.toReversed()) {
    const word = view.get('majors', wordKey(id, channel, level, prefix)) ?? 0n
    // only the way down from an empty top leads to empty words, and at its end lie the numbers under 256
    if (word !== 0n) prefix = prefix * 256 + word.toString(2).length - 1
    else if (level === 0) return undefined
  }
  return prefix
}
