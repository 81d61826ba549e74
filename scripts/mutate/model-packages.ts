/** Mutations of the model's rules about packages. */
import { inFile, type Mutation } from './mutation.ts'

const ROOM = 'src/chains/local/model/packages'

export const MODEL_PACKAGE_MUTATIONS: readonly Mutation[] = [
  ...inFile(`${ROOM}/decide.ts`, {
    'package-created-again': ["if (known !== undefined) return 'PackageExists'", ''],
    'stranger-changes-a-package': [
      "if (!isEntitled(envelope, draft)) return refusal('Unauthorized')",
      '',
    ],
    'ownership-accepted-unasked': ['rules.isOffered(draft, signer) :', 'true :'],
    'package-nonce-ahead': ['if (nonce !== expected) return', 'if (nonce < expected) return'],
    'package-nonce-behind': ['if (nonce !== expected) return', 'if (nonce > expected) return'],
    'package-nonce-not-advanced': ["draft.tables.set('nonces', nonceKey(signer), nonce + 1n)", ''],
    'package-with-members-revision': [
      'ifMembersRevision !== undefined || ifApplicationRevision',
      'ifApplicationRevision',
    ],
    'package-with-application-revision': ['|| ifApplicationRevision !== undefined', ''],
  }),
  ...inFile(`${ROOM}/draft.ts`, {
    'package-revision-does-not-step': ['this.#header.revision + 1n', 'this.#header.revision'],
    'yanked-version-published-again': [
      "if (this.tables.get('numbers', releaseKey(this.id, text)) !== undefined) return false",
      '',
    ],
    'yanked-releases-take-places': [
      'available: this.#header.available - 1',
      'available: this.#header.available',
    ],
    'package-revisions-without-end': [
      "if (revision > MAX_PACKAGE_REVISION) return 'LimitExceeded'",
      '',
    ],
    'release-not-linked': ['this.#link(previous, { next: number })', ''],
    'line-not-on-offer': ['if (previous === 0) addMajor', 'if (previous !== 0) addMajor'],
    'release-not-found-by-version': [
      "this.tables.set('numbers', releaseKey(this.id, release.version), number)",
      '',
    ],
    'yanked-release-stays-linked-below': ['this.#link(previous, { next })', ''],
    'yanked-release-stays-linked-above': ['this.#link(next, { previous })', ''],
    'yanked-line-stays-on-offer': [
      'if (previous === 0) removeMajor',
      'if (previous !== 0) removeMajor',
    ],
    'release-in-the-other-channel': [
      "version.preRelease.length === 0 ? 'stable' : 'preRelease'",
      "version.preRelease.length === 0 ? 'preRelease' : 'stable'",
    ],
  }),
  ...inFile(`${ROOM}/majors.ts`, {
    'line-of-many-levels-not-marked': [
      'if (major < 256 || (isIn ? before : after) !== 0n) return',
      'return',
    ],
    'lines-taken-off-all-levels': [
      '(isIn ? before : after) !== 0n) return',
      'before !== 0n && isIn) return',
    ],
    'highest-line-from-below': ['LEVELS.toReversed()', 'LEVELS'],
  }),
  ...inFile(`${ROOM}/rules.ts`, {
    'package-of-another-id': [
      "if (!equalBytes(derivePackageId(signer, name), subject)) return refuse('PackageIdMismatch')",
      '',
    ],
    'releases-without-end': [
      "if (draft.header.available >= MAX_RELEASES) return refuse('LimitExceeded')",
      '',
    ],
    'one-release-more': [
      'draft.header.available >= MAX_RELEASES',
      'draft.header.available > MAX_RELEASES',
    ],
    'weak-owner': ["if (!keys.isStrong(owner)) return refuse('WeakKey')", ''],
    'offer-made-twice': ['|| isOffered(draft, owner)) return NOTHING', ') return NOTHING'],
    'one-owner-more': [
      'owners.length + offered.length >= MAX_PACKAGE_OWNERS',
      'owners.length + offered.length > MAX_PACKAGE_OWNERS',
    ],
    'offers-not-counted': [
      'owners.length + offered.length >= MAX_PACKAGE_OWNERS',
      'owners.length >= MAX_PACKAGE_OWNERS',
    ],
    'last-owner-goes': ["if (owners.length === 1) return refuse('LastOwner')", ''],
    'offers-outlive-a-removal': [
      '{ owners: without(owners, owner), offered: [] }',
      '{ owners: without(owners, owner) }',
    ],
    'release-of-any-version': [
      "if (!draft.isNext(release.version)) return refuse('VersionTooLow')",
      '',
    ],
    'unknown-release-yanked': [
      "if (found === undefined) return refuse('ReleaseNotFound')",
      'if (found === undefined) return NOTHING',
    ],
    'yanked-again': ['if (found.state.yankReason !== undefined) return NOTHING', ''],
  }),
  ...inFile('src/node/anchor/packages/semver.ts', {
    'number-with-leading-zero': ["'(0|[1-9][0-9]{0,9})'", "'([0-9]{1,10})'"],
    'number-beyond-32-bits': ['major <= MAX_U32 && minor', 'major <= MAX_U32 + 1 && minor'],
    'identifier-with-leading-zero': ['(?:0|[1-9][0-9]*|', '(?:[0-9]+|'],
    'numbers-above-texts': ['return isNumber ? -1 : 1', 'return isNumber ? 1 : -1'],
    'numbers-in-the-order-of-texts': ['(isNumber ? a.length - b.length : 0) ||', ''],
    'pre-release-above-its-version': ['return b.length - a.length', 'return a.length - b.length'],
    'shorter-list-is-higher': [
      'if (order !== 0) return order } return a.length - b.length',
      'if (order !== 0) return order } return b.length - a.length',
    ],
    'patch-not-compared': ['a.patch - b.patch ||', ''],
  }),
  ...inFile('src/node/anchor/packages/validate.ts', {
    'name-of-one-label': ['(?:\\.[a-z0-9-]+)+$/', '(?:\\.[a-z0-9-]+)*$/'],
    'name-in-capitals': ['/^[a-z0-9-]+(?:', '/^[A-Za-z0-9-]+(?:'],
    'one-source-more': [
      'operation.release.sources.length > MAX_RELEASE_SOURCES',
      'operation.release.sources.length > MAX_RELEASE_SOURCES + 1',
    ],
    'package-text-one-longer': ['utf8(text).length > max', 'utf8(text).length > max + 1'],
    'package-text-in-characters': ['utf8(text).length > max', 'text.length > max'],
    'version-not-parsed': [
      'parseVersion(operation.release.version) !== undefined',
      'operation.release.version !== undefined',
    ],
  }),
  ...inFile(`${ROOM}/queries.ts`, {
    'release-page-of-any-length': ['Math.min(length, MAX_RELEASE_PAGE)', 'length'],
  }),
  ...inFile('src/node/anchor/packages/envelope.ts', {
    'package-id-without-its-creator': [
      'taggedHash(PACKAGE_ID_TAG, creator, utf8(name))',
      'taggedHash(PACKAGE_ID_TAG, utf8(name))',
    ],
    'release-without-its-signer': [
      'signer: publicKey, abi: hash32,',
      'abi: hash32, signer: publicKey,',
    ],
  }),
]
