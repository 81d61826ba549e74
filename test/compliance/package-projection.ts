/** Packages, owners and releases rebuilt from events alone, as a client of the registry's log would. */
import type { PackageEvent } from '../../src/node/anchor/packages/events.ts'
import type {
  PackageRecord,
  Release,
  ReleaseRecord,
} from '../../src/node/anchor/packages/registry.ts'
import { compareVersions, parseVersion } from '../../src/node/anchor/packages/semver.ts'
import { equalBytes, toHex } from '../../src/node/primitives/bytes.ts'
import type { PackageId, PublicKey } from '../../src/node/primitives/ids.ts'

interface Projected {
  readonly id: PackageId
  readonly name: string
  readonly description: string
  readonly repository: string
  owners: PublicKey[]
  offered: PublicKey[]
  revision: bigint
  readonly releases: ReleaseRecord[]
}

/** The highest version of a kind that is not yanked. The slow and simple way: it looks at all of them. */
export function latestOf(
  releases: readonly ReleaseRecord[],
  isStable: boolean,
): ReleaseRecord | undefined {
  const versions = releases
    .filter(({ yanked }) => !yanked)
    .map((release) => ({ release, version: parseVersion(release.version) }))
    .filter(({ version }) => (version?.preRelease.length === 0) === isStable)
  return versions
    .sort((one, other) =>
      one.version === undefined || other.version === undefined
        ? 0
        : compareVersions(one.version, other.version),
    )
    .at(-1)?.release
}

export class PackageProjection {
  readonly #packages = new Map<string, Projected>()

  apply(event: PackageEvent): void {
    const key = toHex(event.subject)
    if (event.name === 'PackagePublished') {
      const { subject: id, signer, package: name, description, repository } = event
      const people = { owners: [signer], offered: [] }
      const fields = { id, name, description, repository, ...people, releases: [] }
      this.#packages.set(key, { ...fields, revision: event.revision })
      return
    }
    const known = this.#packages.get(key)
    if (known === undefined) throw new RangeError('an event of a package that was not announced')
    if (event.revision !== known.revision + 1n) throw new RangeError('a change is missing')
    known.revision = event.revision
    this.#change(known, event)
  }

  records(): PackageRecord[] {
    return [...this.#packages.values()].map(({ releases, ...fields }) => ({
      ...fields,
      releaseCount: releases.length,
      latestStable: latestOf(releases, true)?.version,
      latestPreRelease: latestOf(releases, false)?.version,
    }))
  }

  /** Releases of a package, oldest first. */
  releases(id: PackageId): readonly ReleaseRecord[] {
    return this.#packages.get(toHex(id))?.releases ?? []
  }

  #change(known: Projected, event: Exclude<PackageEvent, { name: 'PackagePublished' }>): void {
    switch (event.name) {
      case 'ReleasePublished': {
        const { release, signer: publisher }: { release: Release; signer: PublicKey } = event
        const slot = known.releases.length
        known.releases.push({ ...release, publisher, slot, yanked: false, yankReason: '' })
        break
      }
      case 'ReleaseYanked': {
        const at = known.releases.findIndex(({ version }) => version === event.version)
        const release = known.releases[at]
        if (release === undefined) throw new RangeError('a release that was not announced')
        known.releases[at] = { ...release, yanked: true, yankReason: event.reason }
        break
      }
      case 'OwnershipOffered': {
        known.offered.push(event.owner)
        break
      }
      case 'OwnerChanged': {
        changeOwner(known, event)
        break
      }
    }
  }
}

/** Who accepted is an owner, in whose place among the offers is the first; with an owner that goes all offers go. */
function changeOwner(
  known: Projected,
  { owner, isOwner }: { owner: PublicKey; isOwner: boolean },
): void {
  const isOffered = known.offered.some((other) => equalBytes(other, owner))
  if (isOwner) {
    const [first = owner, ...others] = known.offered
    known.owners.push(owner)
    known.offered = others.map((other) => (equalBytes(other, owner) ? first : other))
  } else if (isOffered) {
    known.offered = without(known.offered, owner)
  } else {
    known.owners = without(known.owners, owner)
    known.offered = []
  }
}

/** A list without somebody, whose place the last one takes. */
function without(owners: readonly PublicKey[], gone: PublicKey): PublicKey[] {
  const rest = owners.slice(0, -1)
  const last = owners.at(-1)
  return rest.map((owner) => (equalBytes(owner, gone) && last !== undefined ? last : owner))
}
