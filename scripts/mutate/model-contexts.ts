/** Mutations of the model's rules about contexts, groups, members and invitations. */
import { inFile, type Mutation } from './mutation.ts'

const ROOM = 'src/chains/local/model'

export const MODEL_MUTATIONS: readonly Mutation[] = [
  ...inFile(`${ROOM}/checks.ts`, {
    'envelope-one-byte-longer': [
      'bytes.length > MAX_ENVELOPE_BYTES',
      'bytes.length > MAX_ENVELOPE_BYTES + 1',
    ],
    'envelope-one-byte-shorter': [
      'bytes.length > MAX_ENVELOPE_BYTES',
      'bytes.length >= MAX_ENVELOPE_BYTES',
    ],
    'envelope-one-second-late': ['validUntil < now ||', 'validUntil + 1n < now ||'],
    'envelope-not-in-its-last-second': ['validUntil < now ||', 'validUntil <= now ||'],
    'envelope-one-second-too-long': [
      'validUntil > now + MAX_VALIDITY_SECONDS',
      'validUntil > now + MAX_VALIDITY_SECONDS + 1n',
    ],
    'envelope-one-second-too-short': [
      'validUntil > now + MAX_VALIDITY_SECONDS',
      'validUntil >= now + MAX_VALIDITY_SECONDS',
    ],
    'weak-signer-unnamed': ["if (!keys.isStrong(signer)) return 'WeakKey'", ''],
    'signature-not-verified': ["return isSigned ? undefined : 'BadSignature'", 'return undefined'],
  }),
  ...inFile(`${ROOM}/groups/decide.ts`, {
    'context-in-a-group-by-anybody': [
      'operation.group === undefined ? 0 : CAPABILITIES.manageContexts',
      '0',
    ],
    'application-by-anybody': ['return CAPABILITIES.manageApplication', 'return 0'],
    'seal-without-proxy': [
      'return CAPABILITIES.manageMembers | CAPABILITIES.proxy',
      'return CAPABILITIES.manageMembers',
    ],
    'last-changed-capability-only': [
      '(all, { capabilities }) => all | capabilities',
      '(_, { capabilities }) => capabilities',
    ],
    'revocation-by-anybody': [
      'equalBytes(operation.terms.inviter, signer) ? 0 : CAPABILITIES.manageMembers',
      '0',
    ],
    'own-invitation-not-taken-back': [
      'equalBytes(operation.terms.inviter, signer) ? 0 : CAPABILITIES.manageMembers',
      'CAPABILITIES.manageMembers',
    ],
    'context-created-again': ["if (context !== undefined) return 'ContextExists'", ''],
    'sealed-group-changes': ["if (header.sealed) return 'Sealed'", ''],
    'moved-group-changes': ["hasMoved(header, now) ? 'Moved' :", ''],
    'newcomer-with-any-nonce': [
      "return nonce === expected ? undefined : refusal('BadNonce', expected)",
      'return undefined',
    ],
    'nonce-ahead': ['if (nonce !== member.nonce) return', 'if (nonce < member.nonce) return'],
    'nonce-behind': ['if (nonce !== member.nonce) return', 'if (nonce > member.nonce) return'],
    'nonce-not-named': [
      "if (nonce !== member.nonce) return refusal('BadNonce', member.nonce)",
      "if (nonce !== member.nonce) return refusal('BadNonce', 0n)",
    ],
    'nonce-not-advanced': ['nonce: nonce + 1n })', 'nonce })'],
    'one-needed-capability-is-enough': [
      '(member.capabilities & needed) !== needed',
      'needed !== 0 && (member.capabilities & needed) === 0',
    ],
    'members-revision-not-compared': [
      'ifMembersRevision === stored?.membersRevision',
      'stored !== undefined',
    ],
    'members-revision-of-a-new-group': [
      'ifMembersRevision === stored?.membersRevision',
      'ifMembersRevision === group.header.membersRevision',
    ],
    'application-revision-not-compared': [
      'ifApplicationRevision === context?.applicationRevision',
      'context !== undefined',
    ],
    'domain-told-before-the-shape': [
      'validateOperation(operation) ?? checkDomainAndTime(envelope, context)',
      'checkDomainAndTime(envelope, context) ?? validateOperation(operation)',
    ],
    'nonce-told-before-the-signature': [
      'const unproven = checkSignature(envelope, signed, keys) if (unproven !== undefined) return refusal(unproven) const unfit = checkSigner(envelope, group, now) if (unfit !== undefined) return unfit',
      'const unfit = checkSigner(envelope, group, now); if (unfit !== undefined) return unfit; const unproven = checkSignature(envelope, signed, keys); if (unproven !== undefined) return refusal(unproven)',
    ],
    'revisions-not-looked-at': [
      "if (!hasRevisions(envelope, group)) return refusal('RevisionMismatch')",
      '',
    ],
    'last-manager-goes': [
      "'event' in applied && isOrphaned ? refuse('LastManager') : applied",
      'applied',
    ],
    'last-manager-seals-not': [
      'group.header.managers === 0 && !group.header.sealed',
      'group.header.managers === 0 || group.header.sealed',
    ],
  }),
  ...inFile(`${ROOM}/groups/draft.ts`, {
    'first-nonce-of-the-membership-before': [
      'return membersRevision << 32n',
      'return (membersRevision - 1n) << 32n',
    ],
    'last-revision-refused': [
      'membersRevision > MAX_MEMBERS_REVISION',
      'membersRevision >= MAX_MEMBERS_REVISION',
    ],
    'revisions-not-bounded': [
      "if (membersRevision > MAX_MEMBERS_REVISION) return 'LimitExceeded'",
      '',
    ],
    'last-member-refused': ['count >= MAX_MEMBERS', 'count >= MAX_MEMBERS - 1'],
    'one-member-more': ['count >= MAX_MEMBERS', 'count > MAX_MEMBERS'],
    'past-of-a-member-kept': ['this.setPast(identity, undefined)', ''],
    'new-manager-not-counted': ['managers: managers + manages(capabilities) })', 'managers })'],
    'manager-that-goes-not-counted': [
      'managers: managers - manages(member.capabilities) })',
      'managers })',
    ],
    'moved-member-keeps-its-slot': [
      'this.setMember(moved, { ...movedState, slot: member.slot })',
      '',
    ],
    'hole-in-the-slots': ["this.draft.set('slots', slotKey(this.id, member.slot), moved)", ''],
    'nonce-of-who-goes-forgotten': ['{ ...past, nonce: member.nonce }', '{ ...past, nonce: 0n }'],
    'member-stays': ["this.draft.set('members', memberKey(this.id, identity), undefined)", ''],
  }),
  ...inFile(`${ROOM}/groups/invitations.ts`, {
    'invitation-for-another-contract': [
      "if (!isSameDomain(terms.domain, envelope.domain)) return 'WrongDomain'",
      '',
    ],
    'invitation-to-another-group': ['equalBytes(terms.group, group.id) &&', ''],
    'invitation-of-an-earlier-membership': [
      'inviter?.joinedRevision === terms.membership',
      '(inviter?.joinedRevision ?? -1n) >= terms.membership',
    ],
    'invitation-of-a-later-membership': [
      'inviter?.joinedRevision === terms.membership',
      '(inviter?.joinedRevision ?? 1n << 64n) <= terms.membership',
    ],
    'invitation-of-an-earlier-series': [
      'inviter.series === terms.series',
      'inviter.series >= terms.series',
    ],
    'invitation-of-a-later-series': [
      'inviter.series === terms.series',
      'inviter.series <= terms.series',
    ],
    'invitation-nobody-signed': [
      '&& keys.verify(terms.inviter, invitationDigest(terms), inviterSignature)',
      '',
    ],
    'inviter-need-not-manage': [
      'CAPABILITIES.manageMembers | terms.capabilities',
      'terms.capabilities',
    ],
    'inviter-gives-what-it-lacks': [
      'CAPABILITIES.manageMembers | terms.capabilities',
      'CAPABILITIES.manageMembers',
    ],
    'claim-nobody-signed': [
      '(held & needed) === needed && request.keys.verify(terms.claimKey, claimDigest(terms, request.signer), claimSignature)',
      '(held & needed) === needed',
    ],
    'revoked-invitation-claimed': ["if (known.revoked) return 'InvitationRevoked'", ''],
    'invitation-used-once-more': ['known.uses >= terms.maxUses', 'known.uses > terms.maxUses'],
    'memory-one-second-shorter': [
      'revoked: false, notAfter: terms.notAfter }',
      'revoked: false, notAfter: terms.notAfter - 1n }',
    ],
    'every-use-takes-a-place': [
      "if (draft.get('invitations', invitation) === undefined) {",
      'if (invitation !== undefined) {',
    ],
    'place-free-in-its-last-second': ['notAfter < now)', 'notAfter <= now)'],
    'place-taken-a-second-longer': ['notAfter < now)', 'notAfter + 1n < now)'],
    'one-place-more': ['kept.length >= MAX_LIVE_INVITATIONS', 'kept.length > MAX_LIVE_INVITATIONS'],
    'one-place-less': [
      'kept.length >= MAX_LIVE_INVITATIONS',
      'kept.length >= MAX_LIVE_INVITATIONS - 1',
    ],
    'use-not-remembered': ["draft.set('invitations', invitation, value)", ''],
    'claim-at-any-time': [
      "if (now > terms.notAfter) return refuse('Expired') if (terms.notAfter",
      'if (terms.notAfter',
    ],
    'claim-not-in-its-last-second': [
      "if (now > terms.notAfter) return refuse('Expired') if (terms.notAfter",
      "if (now >= terms.notAfter) return refuse('Expired'); if (terms.notAfter",
    ],
    'invitation-for-any-time': [
      "if (terms.notAfter > now + MAX_INVITATION_SECONDS) return refuse('LimitExceeded')",
      '',
    ],
    'invitation-one-second-too-long': [
      'terms.notAfter > now + MAX_INVITATION_SECONDS',
      'terms.notAfter > now + MAX_INVITATION_SECONDS + 1n',
    ],
    'invitation-one-second-too-short': [
      'terms.notAfter > now + MAX_INVITATION_SECONDS',
      'terms.notAfter >= now + MAX_INVITATION_SECONDS',
    ],
    'claim-by-a-member': [
      "if (group.member(signer) !== undefined) return refuse('AlreadyMember')",
      '',
    ],
    'claim-by-who-is-barred': [
      "if (group.past(signer, now)?.barred === true) return refuse('Barred')",
      '',
    ],
    'claim-of-a-relay-with-capabilities': [
      "if (terms.role === 'relay' && terms.capabilities !== 0) return refuse('RoleForbids')",
      '',
    ],
    'claim-not-counted': ['uses: known.uses + 1', 'uses: known.uses'],
    'claim-without-a-step': ['group.bumpMembers() ??', ''],
    'claim-not-bounded': ['if (full !== undefined) return refuse(full)', ''],
    'revocation-of-what-has-expired': [
      "if (now > terms.notAfter) return refuse('Expired') const known",
      'const known',
    ],
    'revocation-not-in-the-last-second': [
      "if (now > terms.notAfter) return refuse('Expired') const known",
      "if (now >= terms.notAfter) return refuse('Expired'); const known",
    ],
    'revocation-of-what-is-used-up': [
      'checkUsable(known, terms) ?? remember(group, terms, { ...known, revoked: true }, signer, now)',
      'remember(group, terms, { ...known, revoked: true }, signer, now)',
    ],
    'revocation-charged-to-the-inviter': [
      '{ ...known, revoked: true }, signer, now)',
      '{ ...known, revoked: true }, terms.inviter, now)',
    ],
    'claim-charged-to-the-claimant': [
      'remember(group, terms, used, terms.inviter, now) ?? group.bumpMembers() ?? group.insert(signer, terms.role, terms.capabilities)',
      'group.bumpMembers() ?? group.insert(signer, terms.role, terms.capabilities) ?? remember(group, terms, used, signer, now)',
    ],
    'series-without-end': ["if (series > MAX_SERIES) return refuse('LimitExceeded')", ''],
    'series-ends-one-early': ['series > MAX_SERIES', 'series >= MAX_SERIES'],
    'voiding-does-nothing': ['group.setMember(signer, { ...member, series })', ''],
  }),
  ...inFile(`${ROOM}/groups/state.ts`, {
    'kept-a-second-less': ['past.until < now', 'past.until <= now'],
    'kept-for-ever': ['past === undefined || past.until < now ? undefined : past', 'past'],
    'places-of-every-series': ['}${joinedRevision}/${series}`', '}${joinedRevision}`'],
    'places-of-every-membership': ['}${joinedRevision}/${series}`', '}${series}`'],
  }),
  ...inFile(`${ROOM}/groups/rules.ts`, {
    'context-of-another-id': [
      "if (!equalBytes(id, envelope.subject)) return refuse('ContextIdMismatch')",
      '',
    ],
    'author-holds-less': [
      "group.insert(signer, 'writer', ALL_CAPABILITIES)",
      "group.insert(signer, 'writer', 15)",
    ],
    'same-application-counted': [
      'if (isSameApplication(context.application, operation.application)) return NOTHING',
      '',
    ],
    'another-source-is-the-same': ['a.source === b.source &&', ''],
    'another-size-is-the-same': ['a.size === b.size &&', ''],
    'another-blob-is-the-same': ['equalBytes(a.blob, b.blob) &&', ''],
    'another-metadata-is-the-same': ['&& equalBytes(a.metadata, b.metadata)', ''],
    'application-revision-does-not-step': [
      'context.applicationRevision + 1n',
      'context.applicationRevision',
    ],
    'weak-member-added': [
      "if (!operation.ids.every((id) => keys.isStrong(id))) return refuse('WeakKey')",
      '',
    ],
    'nobody-added-counted': ['if (ids.length === 0) return NOTHING let wrong', 'let wrong'],
    'member-added-again': [
      'operation.ids.filter((id) => group.member(id) === undefined)',
      'operation.ids',
    ],
    'barred-shorter-than-a-ticket': [
      'mayReturn ? MAX_VALIDITY_SECONDS : MAX_INVITATION_SECONDS',
      'MAX_VALIDITY_SECONDS',
    ],
    'kept-shorter-than-an-envelope': ['until: now + seconds', 'until: now + seconds - 1n'],
    'nobody-is-barred': ['barred: !mayReturn,', 'barred: false,'],
    'barred-again-counted': [
      'if (mayReturn || before?.barred === true) continue',
      'if (mayReturn) continue',
    ],
    'stranger-not-barred': ['if (mayReturn || before?.barred === true) continue', 'continue'],
    'nonce-of-who-left-forgotten-by-a-bar': ['nonce: before?.nonce ?? 0n', 'nonce: 0n'],
    'leaving-bars': [
      '[request.signer], request.now, true)',
      '[request.signer], request.now, false)',
    ],
    'grant-to-a-stranger': ["if (isGrant) return refuse('TargetNotMember')", ''],
    'grant-to-a-relay': [
      "if (isGrant && member.role === 'relay') return refuse('RoleForbids')",
      '',
    ],
    'revocation-gives': ['member.capabilities & ~bits', 'member.capabilities ^ bits'],
    'same-capabilities-counted': ['if (capabilities === member.capabilities) continue', ''],
    'capabilities-without-a-step': [
      'group.header.capabilitiesRevision + 1n',
      'group.header.capabilitiesRevision',
    ],
    'role-of-a-stranger': [
      "if (member === undefined) return refuse('TargetNotMember') if (role",
      'if (member === undefined) continue; if (role',
    ],
    'relay-with-capabilities': [
      "if (role === 'relay' && member.capabilities !== 0) return refuse('RoleForbids')",
      '',
    ],
    'same-role-counted': ['if (member.role === role) continue', ''],
    'nonce-bumped-back': [
      "if (operation.to < member.nonce) return refuse('BadNonce', envelope.nonce)",
      '',
    ],
    'nonce-bumped-into-the-next-membership': [
      'operation.to > firstNonce(group.header.membersRevision + 1n)',
      'operation.to > firstNonce(group.header.membersRevision + 1n) + 1n',
    ],
    'nonce-not-bumped-to-the-end': [
      'operation.to > firstNonce(group.header.membersRevision + 1n)',
      'operation.to >= firstNonce(group.header.membersRevision + 1n)',
    ],
    'seal-does-nothing': ['{ sealed: true, migration: undefined }', '{ migration: undefined }'],
    'seal-keeps-the-move': ['{ sealed: true, migration: undefined }', '{ sealed: true }'],
    'same-options-counted': [
      'if (options.approvers === group.header.options.approvers) return NOTHING',
      '',
    ],
    'moves-a-second-early': [
      'movesAt: now + MIGRATION_SECONDS',
      'movesAt: now + MIGRATION_SECONDS - 1n',
    ],
    'moves-to-itself': ['isOurs ||', ''],
  }),
  ...inFile('src/node/anchor/validate.ts', {
    'unknown-bits': ['(bits & ~ALL_CAPABILITIES) === 0', 'bits >= 0'],
    'source-one-longer': [
      'utf8(application.source).length > MAX_SOURCE_BYTES',
      'utf8(application.source).length > MAX_SOURCE_BYTES + 1',
    ],
    'source-in-characters': ['utf8(application.source).length', 'application.source.length'],
    'metadata-one-longer': [
      'application.metadata.length > MAX_METADATA_BYTES',
      'application.metadata.length > MAX_METADATA_BYTES + 1',
    ],
    'batch-one-larger': ['ids.length > MAX_BATCH', 'ids.length > MAX_BATCH + 1'],
    'batch-one-smaller': ['ids.length > MAX_BATCH', 'ids.length >= MAX_BATCH'],
    'empty-list': ['ids.length > 0 &&', ''],
    'list-repeats': ['&& new Set(ids.map(idKey)).size === ids.length', ''],
    'no-bits': ['capabilities !== 0 &&', ''],
    'unknown-bits-of-an-invitation': [
      "return isCapabilities(operation.terms.capabilities) ? undefined : 'Malformed'",
      'return undefined',
    ],
  }),
  ...inFile(`${ROOM}/groups/queries.ts`, {
    'page-of-any-length': ['Math.min(length, MAX_PAGE)', 'length'],
    'page-one-longer': ['Math.min(length, MAX_PAGE)', 'Math.min(length, MAX_PAGE + 1)'],
  }),
]
