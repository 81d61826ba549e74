/** Mutations of packages: owners, releases, versions. */
import { inFile, type Mutation } from './mutation.ts'

const SOURCES = 'contracts/ethereum/src'

export const PACKAGE_MUTATIONS: readonly Mutation[] = [
  ...inFile(`${SOURCES}/PackageRegistry.sol`, {
    'package-created-again': [
      'else if (_packages[q.subject].record != address(0)) revert PackageExists();',
      '',
    ],
    'package-of-another-id': ['if (id != q.subject) revert PackageIdMismatch();', ''],
    'package-nonce-not-compared': ['if (q.nonce != nonce) revert BadNonce(nonce);', ''],
    'package-nonce-not-advanced': ['_nonces[q.signer] = nonce + 1;', ''],
    'package-with-revisions': [
      'if (q.ifMembersRevision != ANY_REVISION || q.ifApplicationRevision != ANY_REVISION) revert RevisionMismatch();',
      '',
    ],
    'package-with-application-revision': [
      'q.ifMembersRevision != ANY_REVISION || q.ifApplicationRevision',
      'q.ifMembersRevision != ANY_REVISION && q.ifApplicationRevision',
    ],
    'package-releases-not-counted': ['header.releases++;', ''],
    'package-revision-does-not-step': ['header.revision++;', ''],
    'stranger-changes-a-package': ['if (!_isEntitled(q, header)) revert Unauthorized();', ''],
    'offer-makes-an-owner': ['return slot < header.owners; }', 'return slot < _people(header); }'],
    'ownership-accepted-unasked': [
      'slot >= header.owners && slot < _people(header)',
      'slot >= header.owners',
    ],
    'ownership-accepted-twice': [
      'slot >= header.owners && slot < _people(header)',
      'slot < _people(header)',
    ],
    'weak-owner': ['if (!Ed25519.isStrong(owner)) revert WeakKey();', ''],
    'offer-made-twice': ['if (_slotOf(q.subject, header, owner) != end) return;', ''],
    'one-owner-more': [
      'if (end >= MAX_PACKAGE_OWNERS) revert LimitExceeded();',
      'if (end > MAX_PACKAGE_OWNERS) revert LimitExceeded();',
    ],
    'offer-stays-when-accepted': ['header.offers--; emit OwnerChanged', 'emit OwnerChanged'],
    'last-owner-goes': ['if (header.owners == 1) revert LastOwner();', ''],
    'offers-outlive-a-removal': ['header.offers = 0;', ''],
    'hole-in-the-owners': ['if (slot != end - 1) owners[slot] = owners[end - 1];', ''],
    'package-revisions-without-end': [
      'if (header.revision >= MAX_PACKAGE_REVISION) revert LimitExceeded();',
      '',
    ],
    'releases-without-end': ['if (header.available >= MAX_RELEASES) revert LimitExceeded();', ''],
    'one-release-more': ['header.available >= MAX_RELEASES', 'header.available > MAX_RELEASES'],
    'yanked-releases-take-places': ['header.available--;', ''],
    'release-without-its-publisher': [
      'abi.encodePacked(q.signer, record)',
      'abi.encodePacked(q.subject, record)',
    ],
    'unknown-release-yanked': [
      'if (number == 0) revert ReleaseNotFound(); string memory reason',
      'string memory reason',
    ],
    'release-page-of-any-length': ['if (length > MAX_RELEASE_PAGE) length = MAX_RELEASE_PAGE;', ''],
  }),
  ...inFile(`${SOURCES}/Releases.sol`, {
    'release-of-any-version': ['<= 0) revert VersionTooLow();', '< -9) revert VersionTooLow();'],
    'yanked-version-published-again': ['if (_numbers[id][key] != 0) revert VersionTooLow();', ''],
    'release-below-a-stable-one': ['_checkHigher(id, _highest(line, STABLE), text, version);', ''],
    'release-below-a-pre-release': [
      '_checkHigher(id, _highest(line, PRE_RELEASE), text, version);',
      '',
    ],
    'release-in-the-other-channel': [
      'return version.preRelease == 0 ? STABLE : PRE_RELEASE;',
      'return version.preRelease == 0 ? PRE_RELEASE : STABLE;',
    ],
    'yanked-again': ['if (entry.isYanked) return false;', ''],
    'yanked-release-stays-linked-below': [
      'if (entry.previous != 0) _entries[id][entry.previous].next = entry.next;',
      '',
    ],
    'yanked-release-stays-linked-above': [
      '_entries[id][entry.next].previous = entry.previous;',
      '',
    ],
    'yanked-line-stays-on-offer': [
      'if (entry.previous == 0) _majors[id][channel].remove(major);',
      '',
    ],
    'release-not-linked': ['else _entries[id][previous].next = uint32(number);', ''],
    'yank-without-reason': ['if (bytes(reason).length != 0) _reasons[id][number] = reason;', ''],
  }),
  ...inFile(`${SOURCES}/lib/Majors.sol`, {
    'highest-line-at-once': ['if (number < 256 || before != 0) return;', 'return;'],
    'emptied-line-stays': ['if (number < 256 || rest != 0) return;', 'return;'],
    'line-taken-off-all-levels': [
      'if (number < 256 || rest != 0) return;',
      'if (number < 256) return;',
    ],
  }),
  ...inFile(`${SOURCES}/lib/Semver.sol`, {
    'number-with-leading-zero': ['if (next > pos && text[pos] == "0") return (0, pos);', ''],
    'number-beyond-32-bits': [
      'if (number > type(uint32).max) return (0, pos);',
      'if (number > uint256(type(uint32).max) + 1) return (0, pos);',
    ],
    'pre-release-above-its-version': [
      'if (y.preRelease == 0) return -1;',
      'if (y.preRelease == 0) return 1;',
    ],
    'numbers-above-texts': [
      'if (isNumber != isOtherNumber) return isNumber ? -1 : int256(1);',
      'if (isNumber != isOtherNumber) return isNumber ? int256(1) : -1;',
    ],
    'numbers-in-the-order-of-texts': [
      'if (isNumber && aEnd - i != bEnd - j) return aEnd - i < bEnd - j ? -1 : int256(1);',
      '',
    ],
    'shorter-list-is-higher': [
      'if (aEnd == a.length) return bEnd == b.length ? int256(0) : -1;',
      'if (aEnd == a.length) return bEnd == b.length ? int256(0) : int256(1);',
    ],
    'identifier-with-leading-zero': [
      '(isNumber && pos > start + 1 && text[start] == "0")',
      'false',
    ],
    'empty-identifier': ['if (pos == start ||', 'if ('],
  }),
  ...inFile(`${SOURCES}/PackageFields.sol`, {
    'bytes-behind-the-package-fields': [
      'if (pos != end) revert Malformed();',
      'if (pos > end) revert Malformed();',
    ],
    'package-text-one-longer': ['isLong = length > max;', 'isLong = length > max + 1;'],
    'one-source-more': ['count > MAX_RELEASE_SOURCES', 'count > MAX_RELEASE_SOURCES + 1'],
    'name-of-one-label': ['if (dots == 0 ||', 'if ('],
    'name-that-ends-with-a-dot': ['|| before == ".") revert Malformed();', ') revert Malformed();'],
    'name-with-empty-labels': ['if (before == ".") revert Malformed();', ''],
    'version-not-parsed': ['if (!isVersion) revert Malformed();', ''],
  }),
]
