/** Mutations of what members may do with contexts, members, roles and capabilities. */
import { inFile, type Mutation } from './mutation.ts'

const SOURCES = 'contracts/ethereum/src'

export const CONTEXT_MUTATIONS: readonly Mutation[] = [
  ...inFile(`${SOURCES}/ContextAnchor.sol`, {
    'context-created-again': [
      'if (_contexts[groupId].application != address(0)) revert ContextExists();',
      '',
    ],
    'context-of-another-id': ['if (id != q.subject) revert ContextIdMismatch();', ''],
    'domain-told-before-the-shape': [
      'Fields.check(q.operation, q.pos, q.end); _checkDomainAndTime(q);',
      '_checkDomainAndTime(q); Fields.check(q.operation, q.pos, q.end);',
    ],
    'newcomer-with-any-nonce': ['if (q.nonce != expected) revert BadNonce(expected);', ''],
    'newcomer-at-any-revision': [
      '_checkRevisions(q, header); if (operation == CLAIM_INVITATION)',
      'if (operation == CLAIM_INVITATION)',
    ],
    'stranger-changes-the-group': ['if (!_isMember(signer)) revert NotAMember();', ''],
    'nonce-ahead': [
      'if (q.nonce != uint64(signer)) revert BadNonce(uint64(signer));',
      'if (q.nonce < uint64(signer)) revert BadNonce(uint64(signer));',
    ],
    'nonce-behind': [
      'if (q.nonce != uint64(signer)) revert BadNonce(uint64(signer));',
      'if (q.nonce > uint64(signer)) revert BadNonce(uint64(signer));',
    ],
    'nonce-not-named': [
      'if (q.nonce != uint64(signer)) revert BadNonce(uint64(signer));',
      'if (q.nonce != uint64(signer)) revert BadNonce(0);',
    ],
    'nonce-not-advanced': ['cell.value = signer + 1;', 'cell.value = signer;'],
    'capabilities-not-asked-for': [
      'if (_neededCapabilities(q) & ~_capabilities(signer) != 0) revert Unauthorized();',
      '',
    ],
    'capabilities-asked-after-the-revisions': [
      'if (_neededCapabilities(q) & ~_capabilities(signer) != 0) revert Unauthorized(); _checkRevisions(q, header);',
      '_checkRevisions(q, header); if (_neededCapabilities(q) & ~_capabilities(signer) != 0) revert Unauthorized();',
    ],
    'member-at-any-revision': [
      'revert Unauthorized(); _checkRevisions(q, header);',
      'revert Unauthorized();',
    ],
    'seal-without-proxy': [
      'CAPABILITY_MANAGE_MEMBERS | CAPABILITY_PROXY) << (8 * SEAL)',
      'CAPABILITY_MANAGE_MEMBERS) << (8 * SEAL)',
    ],
    'options-by-anybody': ['| (uint256(CAPABILITY_MANAGE_MEMBERS) << (8 * SET_OPTIONS))', ''],
    'roles-by-anybody': ['| (uint256(CAPABILITY_MANAGE_MEMBERS) << (8 * SET_ROLE))', ''],
    'own-invitation-not-taken-back': ['== q.signer) return 0;', '!= q.signer) return 0;'],
    'last-changed-capability-only': [
      'needed |= Reader.u8(pos + 32);',
      'needed = Reader.u8(pos + 32);',
    ],
    'members-revision-below': [
      'q.ifMembersRevision != uint64(header)',
      'q.ifMembersRevision > uint64(header)',
    ],
    'members-revision-above': [
      'q.ifMembersRevision != uint64(header)',
      'q.ifMembersRevision < uint64(header)',
    ],
    'members-revision-of-a-new-group': [
      'header == 0 || q.ifMembersRevision != uint64(header)',
      'q.ifMembersRevision != uint64(header)',
    ],
    'application-revision-below': [
      'q.ifApplicationRevision != found.revision',
      'q.ifApplicationRevision > found.revision',
    ],
    'application-revision-above': [
      'q.ifApplicationRevision != found.revision',
      'q.ifApplicationRevision < found.revision',
    ],
    'application-revision-of-a-new-context': [
      'found.application == address(0) || q.ifApplicationRevision',
      'q.ifApplicationRevision',
    ],
    'same-application-counted': [
      'if (keccak256(SSTORE2.read(found.application)) == keccak256(application)) return;',
      '',
    ],
    'application-revision-does-not-step': ['found.revision++;', ''],
    'weak-member-added': ['if (!Ed25519.isStrong(identity)) revert WeakKey();', ''],
    'member-added-again': ['if (_isMember(cell.value)) continue;', ''],
    'nobody-added-counted': ['if (count == 0) return; _checkBounds(next);', '_checkBounds(next);'],
    'added-beyond-the-bounds': ['_checkBounds(next);', ''],
    'added-without-a-step': ['uint256 next = header + 1;', 'uint256 next = header;'],
    'grant-to-a-stranger': ['if (isGrant) revert TargetNotMember();', ''],
    'grant-to-a-relay': ['if (isGrant && _role(found) == ROLE_RELAY) revert RoleForbids();', ''],
    'revocation-gives': ['before & ~bits', 'before ^ bits'],
    'managers-not-counted': [
      'header = header - (_managers(before) << MANAGERS) + (_managers(capabilities) << MANAGERS);',
      '',
    ],
    'capabilities-without-a-step': ['header += 1 << CAPABILITIES_REVISION;', ''],
    'last-manager-revoked': ['_checkManaged(header);', ''],
    'role-of-a-stranger': ['if (!_isMember(found)) revert TargetNotMember();', ''],
    'relay-with-capabilities': [
      'if (role == ROLE_RELAY && _capabilities(found) != 0) revert RoleForbids();',
      '',
    ],
    'same-role-counted': ['if (_role(found) == role) continue;', ''],
    'roles-without-a-step': [
      'header++; _checkBounds(header); _groups[groupId].value = header; _shorten(ids, count); emit RolesChanged',
      '_groups[groupId].value = header; _shorten(ids, count); emit RolesChanged',
    ],
    'roles-beyond-the-bounds': ['header++; _checkBounds(header);', 'header++;'],
    'nonce-bumped-back': ['if (to < uint64(signer)) revert BadNonce(q.nonce);', ''],
    'nonce-bumped-into-the-next-membership': [
      '(uint256(uint64(header)) + 1) << 32',
      '((uint256(uint64(header)) + 1) << 32) + 1',
    ],
    'nonce-not-bumped-to-the-end': [
      '(uint256(uint64(header)) + 1) << 32',
      '((uint256(uint64(header)) + 1) << 32) - 1',
    ],
    'seal-does-nothing': ['uint256(uint208(header)) | (1 << SEALED)', 'uint256(uint208(header))'],
    'seal-keeps-the-move': ['uint256(uint208(header)) | (1 << SEALED)', 'header | (1 << SEALED)'],
    'same-options-counted': ['if (approvers == before) return;', ''],
    'group-told-before-the-signature': [
      '(bytes32 groupId, uint256 header) = _open(q); _checkEd25519(q, envelope, signature);',
      '_checkEd25519(q, envelope, signature); (bytes32 groupId, uint256 header) = _open(q);',
    ],
    'update-of-a-shared-group-by-its-own-id': [
      'if (!found.hasOwnGroup) groupId = _groupOf[groupId];',
      '',
    ],
  }),
  ...inFile(`${SOURCES}/Departures.sol`, {
    'removed-by-name-may-return': [
      'bool mayReturn = Reader.u8(end) == 1;',
      'bool mayReturn = true;',
    ],
    'barred-again-counted': [
      'if (mayReturn || _isBarred(found)) continue;',
      'if (mayReturn) continue;',
    ],
    'stranger-not-barred': [
      'else if (mayReturn || _isBarred(found)) continue;',
      'else continue; if (_isMember(found)) {}',
    ],
    'nonce-of-who-left-forgotten-by-a-bar': [
      'else cell.value = _nonce(found) | departure;',
      'else cell.value = departure;',
    ],
    'nobody-removed-counted': ['if (count == 0) return;', ''],
    'leaving-bars': [
      'uint256 departure = _departure(true);',
      'uint256 departure = _departure(false);',
    ],
    'removed-without-a-step': ['header++;', ''],
    'removed-beyond-the-bounds': ['_checkBounds(header);', ''],
    'last-manager-goes': ['_checkManaged(header);', ''],
  }),
  ...inFile(`${SOURCES}/Groups.sol`, {
    'sealed-group-changes': ['if (_isSealed(header)) revert Sealed();', ''],
    'moved-group-changes': ['if ((header >> MOVES_AT) - 1 < block.timestamp) revert Moved();', ''],
    'moved-a-second-late': [
      'if ((header >> MOVES_AT) - 1 < block.timestamp) revert Moved();',
      'if ((header >> MOVES_AT) - 1 < block.timestamp - 1) revert Moved();',
    ],
    'kept-a-second-less': [
      'return found >> UNTIL >= block.timestamp;',
      'return found >> UNTIL > block.timestamp;',
    ],
    'kept-for-ever': [
      'return _isMember(found) || _counts(found) ? uint64(found) : 0;',
      'return uint64(found);',
    ],
    'nonce-of-who-left-not-kept': [
      'return _isMember(found) || _counts(found) ? uint64(found) : 0;',
      'return _isMember(found) ? uint64(found) : 0;',
    ],
    'barred-for-ever': [
      '(found >> BARRED) & 1 == 1 && _counts(found)',
      '(found >> BARRED) & 1 == 1',
    ],
    'kept-shorter-than-an-envelope': [
      '(block.timestamp + MAX_VALIDITY_SECONDS) << UNTIL',
      '(block.timestamp + MAX_VALIDITY_SECONDS - 1) << UNTIL',
    ],
    'barred-shorter-than-a-ticket': [
      '((block.timestamp + MAX_INVITATION_SECONDS) << UNTIL)',
      '((block.timestamp + MAX_INVITATION_SECONDS - 1) << UNTIL)',
    ],
    'nobody-is-barred': ['| (1 << BARRED)', ''],
    'last-revision-refused': [
      'uint64(header) > MAX_MEMBERS_REVISION',
      'uint64(header) >= MAX_MEMBERS_REVISION',
    ],
    'revisions-not-bounded': ['uint64(header) > MAX_MEMBERS_REVISION ||', ''],
    'last-member-refused': [
      'uint32(header >> COUNT) > MAX_MEMBERS',
      'uint32(header >> COUNT) >= MAX_MEMBERS',
    ],
    'members-not-bounded': ['|| uint32(header >> COUNT) > MAX_MEMBERS', ''],
    'first-nonce-of-the-membership-before': [
      'cell.value = (revision << 32) |',
      'cell.value = ((revision - 1) << 32) |',
    ],
    'new-manager-not-counted': [
      'return header + (1 << COUNT) + (_managers(capabilities) << MANAGERS);',
      'return header + (1 << COUNT);',
    ],
    'nonce-of-who-goes-forgotten': [
      'cell.value = uint64(gone) | departure;',
      'cell.value = departure;',
    ],
    'manager-that-goes-not-counted': [
      'header -= (1 << COUNT) + (_managers(_capabilities(gone)) << MANAGERS);',
      'header -= 1 << COUNT;',
    ],
    'moved-member-keeps-its-slot': [
      '(other.value & ~(uint256(type(uint32).max) << SLOT)) | (slot << SLOT)',
      'other.value',
    ],
    'hole-in-the-slots': ['slots[slot] = moved;', ''],
    'page-of-any-length': ['if (length > MAX_PAGE) length = MAX_PAGE;', ''],
    'claim-nonce-not-shown': ['record.nonce = _nonce(found);', ''],
  }),
  ...inFile(`${SOURCES}/Contexts.sol`, {
    'group-asked-as-a-context': ['if (_groups[subject].value != 0) return _isMember(found);', ''],
  }),
  ...inFile(`${SOURCES}/Migration.sol`, {
    'moves-a-second-early': [
      'movesAt = block.timestamp + MIGRATION_SECONDS;',
      'movesAt = block.timestamp + MIGRATION_SECONDS - 1;',
    ],
    'moves-to-itself': ['|| successor == address(this)) revert', ') revert'],
    'moves-to-nobody': ['|| successor == address(0)', ''],
    'adopted-before-it-moves': ['|| block.timestamp < movesAt', ''],
    'adopted-not-in-the-first-second': ['block.timestamp < movesAt', 'block.timestamp <= movesAt'],
    'adopted-by-another': ['|| successor != address(this)', ''],
    'adopted-without-a-plan': ['movesAt == 0 ||', ''],
    'adopted-again': ['if (_groups[id].value != 0) revert ContextExists();', ''],
    'context-adopted-again': [
      'if (_contexts[id].application != address(0)) revert ContextExists();',
      '',
    ],
    'context-adopted-without-its-group': ['_require(groupId);', ''],
    'successor-makes-the-ids-of-the-other': [
      'if (address(predecessor) != address(0)) preimage = abi.encodePacked(preimage, address(this));',
      '',
    ],
    'successor-of-another-registry': [
      'if (address(given) != address(0) && address(given.identities()) != address(identities)) revert WrongDomain();',
      '',
    ],
  }),
  ...inFile(`${SOURCES}/Fields.sol`, {
    'bytes-behind-the-fields': [
      'if (pos != end) revert Malformed();',
      'if (pos > end) revert Malformed();',
    ],
    'batch-one-smaller': [
      'if (count > MAX_BATCH) revert LimitExceeded();',
      'if (count >= MAX_BATCH) revert LimitExceeded();',
    ],
    'batch-one-larger': [
      'if (count > MAX_BATCH) revert LimitExceeded();',
      'if (count > MAX_BATCH + 1) revert LimitExceeded();',
    ],
    'empty-list': ['if (count == 0) revert Malformed();', ''],
    'list-repeats': ['if (Reader.word(b) == identity) revert Malformed();', ''],
    'no-bits': ['bits == 0 ||', ''],
    'unknown-bits': ['|| bits & ~ALL_CAPABILITIES != 0', ''],
    'unknown-bits-of-an-invitation': [
      'if (Reader.u8(next + 97) & ~ALL_CAPABILITIES != 0) revert Malformed();',
      '',
    ],
    'unknown-role-of-an-invitation': ['Reader.ordinal(next + 96, ROLES);', ''],
    'unknown-way-to-go': ['Reader.ordinal(next, 2);', ''],
    'unknown-approvers': ['Reader.ordinal(pos, APPROVERS);', ''],
    'source-one-longer': ['source > MAX_SOURCE_BYTES', 'source > MAX_SOURCE_BYTES + 1'],
    'metadata-one-longer': ['metadata > MAX_METADATA_BYTES', 'metadata > MAX_METADATA_BYTES + 1'],
  }),
  ...inFile(`${SOURCES}/lib/Reader.sol`, {
    'text-with-overlong-forms': ['b < 0xc2 ||', 'b < 0xc0 ||'],
    'text-with-overlong-forms-of-three': ['b == 0xe0 ? 0xa0 :', ''],
    'text-with-surrogates': ['b == 0xed ? 0x9f :', ''],
    'text-beyond-unicode': ['b == 0xf4 ? 0x8f :', ''],
    'text-cut-off': ['|| size > rest', ''],
    'option-of-another-byte': [
      'if (value >= count) revert Malformed();',
      'if (value > count) revert Malformed();',
    ],
  }),
]
