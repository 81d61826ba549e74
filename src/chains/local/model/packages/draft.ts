/** A package while an operation changes it: header, releases, lines and what they offer, kept consistent on top of what is stored. */
import type { PackageId, PublicKey } from '../../../../node/primitives/ids.ts'
import type { RefusalName } from '../../../../node/anchor/errors.ts'
import { MAX_PACKAGE_REVISION } from '../../../../node/anchor/limits.ts'
import { addMajor, removeMajor } from './majors.ts'
import type { Release } from '../../../../node/anchor/packages/registry.ts'
import {
  compareVersions,
  parseVersion,
  type Version,
} from '../../../../node/anchor/packages/semver.ts'
import {
  lineKey,
  packageKey,
  releaseKey,
  type Channel,
  type LineState,
  type PackageState,
  type PackageTableDraft,
  type ReleaseState,
} from './state.ts'

const EMPTY_LINE: LineState = { highest: { stable: 0, preRelease: 0 } }

/** Where a version is offered. */
function channelOf(version: Version): Channel {
  return version.preRelease.length === 0 ? 'stable' : 'preRelease'
}

/** A version that was checked before it got here. */
function knownVersion(text: string): Version {
  const version = parseVersion(text)
  if (version === undefined) throw new RangeError(`expected a checked version, got ${text}`)
  return version
}

export class PackageDraft {
  readonly id: PackageId
  readonly tables: PackageTableDraft
  #header: PackageState

  constructor(id: PackageId, tables: PackageTableDraft, header: PackageState) {
    this.id = id
    this.tables = tables
    this.#header = header
  }

  get header(): PackageState {
    return this.#header
  }

  /** Changes fields of the header, and counts the change. */
  update(changes: Partial<PackageState>): RefusalName | undefined {
    const revision = this.#header.revision + 1n
    if (revision > MAX_PACKAGE_REVISION) return 'LimitExceeded'
    this.#header = { ...this.#header, ...changes, revision }
    this.tables.set('packages', packageKey(this.id), this.#header)
    return undefined
  }

  /** Number and record of a release. */
  find(version: string): { number: number; state: ReleaseState } | undefined {
    const number = this.tables.get('numbers', releaseKey(this.id, version))
    const state = number === undefined ? undefined : this.#release(number)
    return number === undefined || state === undefined ? undefined : { number, state }
  }

  /** Whether a version was never there, and is above all of its line that are on offer. */
  isNext(text: string): boolean {
    if (this.tables.get('numbers', releaseKey(this.id, text)) !== undefined) return false
    const version = knownVersion(text)
    return Object.values(this.#line(version.major).highest).every((number) => {
      const below = this.#release(number)
      if (below === undefined) return true
      return compareVersions(version, knownVersion(below.release.version)) > 0
    })
  }

  /**
   * Adds a release with the next number, and answers what that makes of the header. Its version is above all others of its line, so it is
   * the highest of its channel there.
   */
  insert(release: Release, publisher: PublicKey): Partial<PackageState> {
    const version = knownVersion(release.version)
    const channel = channelOf(version)
    const line = this.#line(version.major)
    const number = this.#header.releases + 1
    const previous = line.highest[channel]
    this.#setRelease(number, { release, publisher, previous, next: 0, yankReason: undefined })
    this.#link(previous, { next: number })
    if (previous === 0) addMajor(this.tables, this.id, channel, version.major)
    const highest = { ...line.highest, [channel]: number }
    this.#setLine(version.major, { highest })
    this.tables.set('numbers', releaseKey(this.id, release.version), number)
    return { releases: number, available: this.#header.available + 1 }
  }

  /** Takes a release that was not yanked out of what is offered, and answers what that makes of the header. */
  yank(number: number, state: ReleaseState, yankReason: string): Partial<PackageState> {
    const { release, publisher, previous, next } = state
    const version = knownVersion(release.version)
    const channel = channelOf(version)
    this.#setRelease(number, { release, publisher, previous: 0, next: 0, yankReason })
    this.#link(previous, { next })
    this.#link(next, { previous })
    if (next === 0) {
      const line = this.#line(version.major)
      const highest = { ...line.highest, [channel]: previous }
      this.#setLine(version.major, { highest })
      if (previous === 0) removeMajor(this.tables, this.id, channel, version.major)
    }
    return { available: this.#header.available - 1 }
  }

  /** Changes a neighbour's link; number 0 has none. */
  #link(number: number, link: Partial<Pick<ReleaseState, 'previous' | 'next'>>): void {
    const state = this.#release(number)
    if (state !== undefined) this.#setRelease(number, { ...state, ...link })
  }

  #release(number: number): ReleaseState | undefined {
    return this.tables.get('releases', releaseKey(this.id, number))
  }

  #setRelease(number: number, state: ReleaseState): void {
    this.tables.set('releases', releaseKey(this.id, number), state)
  }

  #line(major: number): LineState {
    return this.tables.get('lines', lineKey(this.id, major)) ?? EMPTY_LINE
  }

  #setLine(major: number, line: LineState): void {
    this.tables.set('lines', lineKey(this.id, major), line)
  }
}
