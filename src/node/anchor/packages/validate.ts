/** Bounds and shape of an operation on packages, before anything is looked up. */
import { utf8 } from '../../primitives/bytes.ts'
import type { RefusalName } from '../errors.ts'
import {
  MAX_PACKAGE_NAME_BYTES,
  MAX_PACKAGE_TEXT_BYTES,
  MAX_RELEASE_SOURCES,
  MAX_SOURCE_BYTES,
  MAX_VERSION_BYTES,
} from '../limits.ts'
import type { PackageOperation } from './operations.ts'
import { parseVersion } from './semver.ts'

/** Labels of a-z, 0-9 and hyphen, two at least with dots between them: so three characters is the shortest name. */
const NAME = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/

/** A text, and the bytes it may have. */
type Bounded = readonly [text: string, max: number]

/** Texts of an operation with their bounds. */
function textsOf(operation: PackageOperation): readonly Bounded[] {
  switch (operation.kind) {
    case 'createPackage':
      return [
        [operation.name, MAX_PACKAGE_NAME_BYTES],
        [operation.description, MAX_PACKAGE_TEXT_BYTES],
        [operation.repository, MAX_PACKAGE_TEXT_BYTES],
      ]
    case 'publishRelease': {
      const { version, minRuntime, sources } = operation.release
      const versions: Bounded[] = [version, minRuntime].map((text) => [text, MAX_VERSION_BYTES])
      return [...versions, ...sources.map((source): Bounded => [source, MAX_SOURCE_BYTES])]
    }
    case 'yankRelease':
      return [
        [operation.version, MAX_VERSION_BYTES],
        [operation.reason, MAX_PACKAGE_TEXT_BYTES],
      ]
    case 'addOwner':
    case 'removeOwner':
    case 'acceptOwnership':
      return []
  }
}

/**
 * What is wrong with an operation by itself: `LimitExceeded` for what is too large, `Malformed` for a name or a version to publish that is
 * none; undefined when nothing is.
 */
export function validatePackageOperation(operation: PackageOperation): RefusalName | undefined {
  const isLarge =
    (operation.kind === 'publishRelease' &&
      operation.release.sources.length > MAX_RELEASE_SOURCES) ||
    textsOf(operation).some(([text, max]) => utf8(text).length > max)
  if (isLarge) return 'LimitExceeded'
  const isFormed =
    (operation.kind !== 'createPackage' || NAME.test(operation.name)) &&
    (operation.kind !== 'publishRelease' || parseVersion(operation.release.version) !== undefined)
  return isFormed ? undefined : 'Malformed'
}
