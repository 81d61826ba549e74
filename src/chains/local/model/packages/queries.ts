/** What can be read of the registry's records. Each costs a bounded number of look-ups by key. */
import type { PackageId, PublicKey } from '../../../../node/primitives/ids.ts'
import { MAX_RELEASE_PAGE } from '../../../../node/anchor/limits.ts'
import { highestMajor } from './majors.ts'
import type {
  LatestReleases,
  PackageRecord,
  ReleasePage,
  ReleaseRecord,
} from '../../../../node/anchor/packages/registry.ts'
import {
  lineKey,
  nonceKey,
  packageKey,
  releaseKey,
  type Channel,
  type PackageView,
} from './state.ts'

function releaseAt(view: PackageView, id: PackageId, number: number): ReleaseRecord | undefined {
  const state = view.get('releases', releaseKey(id, number))
  if (state === undefined) return undefined
  const { release, publisher, yankReason } = state
  const yanked = yankReason !== undefined
  return { ...release, publisher, slot: number - 1, yanked, yankReason: yankReason ?? '' }
}

/** The highest release of a channel that is not yanked: that of the highest line that has one. */
function latestOf(view: PackageView, id: PackageId, channel: Channel): ReleaseRecord | undefined {
  const major = highestMajor(view, id, channel)
  const line = major === undefined ? undefined : view.get('lines', lineKey(id, major))
  return line === undefined ? undefined : releaseAt(view, id, line.highest[channel])
}

/** The highest releases of a package; undefined for an unknown one. */
export function readLatest(view: PackageView, id: PackageId): LatestReleases | undefined {
  if (view.get('packages', packageKey(id)) === undefined) return undefined
  return { stable: latestOf(view, id, 'stable'), preRelease: latestOf(view, id, 'preRelease') }
}

/** A package by its id. */
export function readPackage(view: PackageView, id: PackageId): PackageRecord | undefined {
  const state = view.get('packages', packageKey(id))
  if (state === undefined) return undefined
  const { releases: releaseCount, available: _, ...fields } = state
  const latestStable = latestOf(view, id, 'stable')?.version
  const latestPreRelease = latestOf(view, id, 'preRelease')?.version
  return { id, ...fields, releaseCount, latestStable, latestPreRelease }
}

/** A release by its version; undefined when the package has none such. */
export function readRelease(
  view: PackageView,
  id: PackageId,
  version: string,
): ReleaseRecord | undefined {
  const number = view.get('numbers', releaseKey(id, version))
  return number === undefined ? undefined : releaseAt(view, id, number)
}

/** Releases, newest first by slot; at most MAX_RELEASE_PAGE, whatever is asked for. Undefined for an unknown package. */
export function readReleasePage(
  view: PackageView,
  id: PackageId,
  offset: number,
  length: number,
): ReleasePage | undefined {
  const state = view.get('packages', packageKey(id))
  if (state === undefined) return undefined
  const { releases: total, revision } = state
  const items: ReleaseRecord[] = []
  const end = total - offset - Math.min(length, MAX_RELEASE_PAGE)
  for (let number = total - offset; number > Math.max(end, 0); number--) {
    const release = releaseAt(view, id, number)
    if (release !== undefined) items.push(release)
  }
  return { revision, total, items }
}

/** The nonce that a signer must use next. */
export function readNonce(view: PackageView, signer: PublicKey): bigint {
  return view.get('nonces', nonceKey(signer)) ?? 0n
}
