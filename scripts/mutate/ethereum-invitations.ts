/** Mutations of invitations: who may claim, how often, until when, and what is remembered. */
import { inFile, type Mutation } from './mutation.ts'

const SOURCES = 'contracts/ethereum/src'

export const INVITATION_MUTATIONS: readonly Mutation[] = [
  ...inFile(`${SOURCES}/Claims.sol`, {
    'claim-at-any-time': [
      '_checkClaim(q, terms, inviter); if (block.timestamp > terms.notAfter) revert Expired();',
      '_checkClaim(q, terms, inviter);',
    ],
    'claim-not-in-its-last-second': [
      '_checkClaim(q, terms, inviter); if (block.timestamp > terms.notAfter)',
      '_checkClaim(q, terms, inviter); if (block.timestamp >= terms.notAfter)',
    ],
    'invitation-for-any-time': [
      'if (terms.notAfter > block.timestamp + MAX_INVITATION_SECONDS) revert LimitExceeded();',
      '',
    ],
    'invitation-one-second-too-long': [
      'terms.notAfter > block.timestamp + MAX_INVITATION_SECONDS',
      'terms.notAfter > block.timestamp + MAX_INVITATION_SECONDS + 1',
    ],
    'invitation-one-second-too-short': [
      'terms.notAfter > block.timestamp + MAX_INVITATION_SECONDS',
      'terms.notAfter >= block.timestamp + MAX_INVITATION_SECONDS',
    ],
    'claim-by-a-member': ['if (_isMember(found)) revert AlreadyMember();', ''],
    'claim-by-who-is-barred': ['if (_isBarred(found)) revert Barred();', ''],
    'claim-of-a-relay-with-capabilities': [
      'if (terms.role == ROLE_RELAY && terms.capabilities != 0) revert RoleForbids();',
      '',
    ],
    'claim-not-counted': ['known.uses++;', ''],
    'claim-charged-to-the-claimant': [
      '_remember(_book(groupId, terms.inviter, inviter), terms.digest, known);',
      '_remember(_book(groupId, q.signer, found), terms.digest, known);',
    ],
    'claim-not-remembered': [
      '_remember(_book(groupId, terms.inviter, inviter), terms.digest, known);',
      '',
    ],
    'claim-without-a-step': ['header + 1, q.signer, terms.role', 'header, q.signer, terms.role'],
    'claim-beyond-the-bounds': ['_checkBounds(header);', ''],
    'claim-of-the-writer-role': [
      'header + 1, q.signer, terms.role, terms.capabilities',
      'header + 1, q.signer, 0, terms.capabilities',
    ],
    'claim-without-the-capabilities': [
      'header + 1, q.signer, terms.role, terms.capabilities',
      'header + 1, q.signer, terms.role, 0',
    ],
    'revocation-of-what-has-expired': [
      '(Terms memory terms,) = _readGiven(q, groupId); if (block.timestamp > terms.notAfter) revert Expired();',
      '(Terms memory terms,) = _readGiven(q, groupId);',
    ],
    'revocation-not-in-the-last-second': [
      '(Terms memory terms,) = _readGiven(q, groupId); if (block.timestamp > terms.notAfter)',
      '(Terms memory terms,) = _readGiven(q, groupId); if (block.timestamp >= terms.notAfter)',
    ],
    'revocation-does-nothing': ['known.isRevoked = true;', ''],
    'revocation-charged-to-the-inviter': [
      '_remember(_book(groupId, q.signer, signer), terms.digest, known);',
      '_remember(_book(groupId, terms.inviter, _members[groupId][terms.inviter].value), terms.digest, known);',
    ],
    'series-without-end': ['if (series >= MAX_SERIES) revert LimitExceeded();', ''],
    'series-ends-one-early': ['series >= MAX_SERIES', 'series + 1 >= MAX_SERIES'],
    'voiding-does-nothing': ['cell.value = signer + (1 << SERIES);', ''],
    'invitation-for-another-contract': [
      'if (!_isOurDomain(pos, next - pos - 37)) revert WrongDomain();',
      '',
    ],
    'invitation-to-another-group': ['terms.group == groupId &&', ''],
    'invitation-by-a-stranger': ['&& _isMember(inviter)', ''],
    'invitation-of-an-earlier-membership': [
      'uint64(inviter >> JOINED_REVISION) == terms.membership',
      'uint64(inviter >> JOINED_REVISION) >= terms.membership',
    ],
    'invitation-of-a-later-membership': [
      'uint64(inviter >> JOINED_REVISION) == terms.membership',
      'uint64(inviter >> JOINED_REVISION) <= terms.membership',
    ],
    'invitation-of-an-earlier-series': [
      '_series(inviter) == terms.series',
      '_series(inviter) >= terms.series',
    ],
    'invitation-of-a-later-series': [
      '_series(inviter) == terms.series',
      '_series(inviter) <= terms.series',
    ],
    'invitation-nobody-signed': [
      'if (!isGiven || !_isInviters(terms)) revert InvitationInvalid();',
      'if (!isGiven) revert InvitationInvalid();',
    ],
    'inviter-need-not-manage': [
      'uint8 needed = CAPABILITY_MANAGE_MEMBERS | terms.capabilities;',
      'uint8 needed = terms.capabilities;',
    ],
    'inviter-gives-what-it-lacks': [
      'uint8 needed = CAPABILITY_MANAGE_MEMBERS | terms.capabilities;',
      'uint8 needed = CAPABILITY_MANAGE_MEMBERS;',
    ],
    'claim-key-that-is-no-account': [
      'bytes32(uint256(uint160(claimKey))) == terms.claimKey &&',
      '',
    ],
    'claim-nobody-signed': ['if (!isClaimed) revert InvitationInvalid();', ''],
    'claim-for-any-claimant': [
      'abi.encode(CLAIM_TYPEHASH, terms.digest, q.signer)',
      'abi.encode(CLAIM_TYPEHASH, terms.digest, bytes32(0))',
    ],
    'revoked-invitation-claimed': ['if (known.isRevoked) revert InvitationRevoked_();', ''],
    'invitation-used-once-more': ['known.uses >= terms.maxUses', 'known.uses > terms.maxUses'],
    'memory-one-second-shorter': [
      'known.notAfter = terms.notAfter;',
      'known.notAfter = terms.notAfter - 1;',
    ],
    'memory-until-now': [
      'known.notAfter = terms.notAfter;',
      'known.notAfter = uint64(block.timestamp);',
    ],
    'memory-for-the-longest-time': [
      'known.notAfter = terms.notAfter;',
      'known.notAfter = uint64(block.timestamp + MAX_INVITATION_SECONDS);',
    ],
    'places-of-every-series': [
      'uint64(found >> JOINED_REVISION), _series(found)',
      'uint64(found >> JOINED_REVISION), uint16(0)',
    ],
    'places-of-every-membership': [
      'uint64(found >> JOINED_REVISION), _series(found)',
      'uint64(0), _series(found)',
    ],
    'inviter-signature-of-nobody': [
      'return problem == ECDSA.RecoverError.NoError && recovered == account;',
      'return recovered == account;',
    ],
    'inviter-signature-of-anybody': [
      'return problem == ECDSA.RecoverError.NoError && recovered == account;',
      'return problem == ECDSA.RecoverError.NoError;',
    ],
    'inviter-signs-by-account-only': [
      'return _recovers(account, typed, r, s) || identities.verifyEd25519(terms.inviter, terms.digest, r, s);',
      'return _recovers(account, typed, r, s);',
    ],
    'inviter-signs-without-the-uses': [
      'terms.notAfter, terms.maxUses, terms.inviteNonce, terms.membership, terms.series ) ) );',
      'terms.notAfter, uint32(1), terms.inviteNonce, terms.membership, terms.series ) ) );',
    ],
  }),
  ...inFile(`${SOURCES}/Invitations.sol`, {
    'invitation-forgotten-in-its-last-second': [
      'if (found.notAfter < block.timestamp) delete found;',
      'if (found.notAfter <= block.timestamp) delete found;',
    ],
    'invitation-remembered-for-ever': ['if (found.notAfter < block.timestamp) delete found;', ''],
    'every-use-takes-a-place': [
      'if (known.notAfter == 0) {',
      'if (known.notAfter != type(uint64).max) {',
    ],
    'one-place-more': [
      'if (places.length >= MAX_LIVE_INVITATIONS) _prune(places);',
      'if (places.length > MAX_LIVE_INVITATIONS) _prune(places);',
    ],
    'places-without-end': [
      'if (places.length >= MAX_LIVE_INVITATIONS) revert LimitExceeded();',
      '',
    ],
    'place-free-in-its-last-second': [
      'if (places[i - 1] >= block.timestamp) continue;',
      'if (places[i - 1] > block.timestamp) continue;',
    ],
    'place-taken-a-second-longer': [
      'if (places[i - 1] >= block.timestamp) continue;',
      'if (places[i - 1] + 1 >= block.timestamp) continue;',
    ],
    'places-never-freed': ['places.pop();', ''],
  }),
]
