/** Mutations of the bytes that are signed. */
import { inFile, type Mutation } from './mutation.ts'

const ROOM = 'src/node/anchor'

export const MODEL_BYTES_MUTATIONS: readonly Mutation[] = [
  ...inFile(`${ROOM}/envelope-layout.ts`, {
    'domain-of-any-kind-of-chain': ['a.chain === b.chain &&', ''],
    'domain-of-any-network': ['equalBytes(a.network, b.network) &&', ''],
    'domain-of-any-contract': ['&& equalBytes(a.contract, b.contract)', ''],
    'envelope-of-another-version': ['ENVELOPE_VERSION = 1', 'ENVELOPE_VERSION = 2'],
    'revisions-swapped': [
      'ifMembersRevision: option(P.U64LE), ifApplicationRevision: option(P.U64LE), })',
      'ifApplicationRevision: option(P.U64LE), ifMembersRevision: option(P.U64LE), })',
    ],
    'nonce-in-big-endian': ['nonce: P.U64LE, validUntil', 'nonce: P.U64BE, validUntil'],
  }),
  ...inFile(`${ROOM}/envelope.ts`, {
    'operation-signed-as-an-invitation': [
      "domainTag('context-operation/1')",
      "domainTag('context-invitation/1')",
    ],
    'claim-for-any-claimant': [
      'invitationDigest(invitation), claimant)',
      'invitationDigest(invitation))',
    ],
    'context-id-without-its-author': [
      'taggedHash(CONTEXT_ID_TAG, author, salt, successor)',
      'taggedHash(CONTEXT_ID_TAG, salt, successor)',
    ],
    'successor-makes-the-ids-of-the-other': [
      'taggedHash(CONTEXT_ID_TAG, author, salt, successor)',
      'taggedHash(CONTEXT_ID_TAG, author, salt)',
    ],
    'terms-in-another-order': [
      'notAfter: P.U64LE, maxUses: P.U32LE,',
      'maxUses: P.U32LE, notAfter: P.U64LE,',
    ],
  }),
]
