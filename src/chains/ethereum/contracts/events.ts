/** The context contract's events as the anchor room knows them: enough to rebuild contexts, groups and members from the first block on. */
import type { Result } from 'ethers'
import { ROLES, type Role } from '../../../node/anchor/anchor.ts'
import { applicationCodec } from '../../../node/anchor/envelope.ts'
import { badAnswer } from '../../../node/anchor/errors.ts'
import type { AnchorEvent, AnnouncedTerms, EventBody } from '../../../node/anchor/events.ts'
import { APPROVERS, type GroupOptions } from '../../../node/anchor/operations.ts'
import { equalBytes } from '../../../node/primitives/bytes.ts'
import { ContextId, GroupId, PublicKey } from '../../../node/primitives/ids.ts'
import { abiOf, bytesOf, toMigration } from './codec.ts'
import type { Log } from './logs.ts'

/** The event of a log; undefined for one that is none of the membership contract's. @throws ANCHOR_BAD_ANSWER (protocol) */
export function decodeEvent(where: string, { topics, data }: Log): AnchorEvent | undefined {
  try {
    const parsed = abiOf('ContextAnchor').parseLog({ topics, data })
    if (parsed === null) return undefined
    const body = toBody(parsed.name, parsed.args)
    if (body === undefined) return undefined
    const { subject, signer, nonce, revision } = parsed.args
    return {
      ...body,
      subject: ContextId.from(bytesOf(subject)),
      signer: keyOf(signer),
      nonce: u64(nonce),
      revision: u64(revision),
    }
  } catch {
    // the ABI is ours: what does not fit it comes from another contract, or a broken endpoint
    throw badAnswer(where, 'an event of another shape')
  }
}

function toBody(name: string, args: Result): EventBody | undefined {
  switch (name) {
    case 'ContextCreated': {
      const context = ContextId.from(bytesOf(args['subject']))
      const group = GroupId.from(bytesOf(args['group']))
      const application = applicationCodec.decode(bytesOf(args['application']))
      const created = { name, context, group, application } as const
      // a group of its own has the context's id
      return equalBytes(context, group) ? { ...created, options: optionsOf(args) } : created
    }
    case 'ApplicationUpdated':
      return { name, application: applicationCodec.decode(bytesOf(args['application'])) }
    case 'MembersAdded':
    case 'RolesChanged':
      return { name, ids: keysOf(args), role: roleOf(args) }
    case 'MembersRemoved':
      return {
        name,
        ids: keysOf(args),
        barred: args['barred'] === true,
        until: u64(args['until']),
      }
    case 'CapabilitiesChanged': {
      const held = [...(args['capabilities'] as Result)] // uint8[], as long as the ids
      const changes = keysOf(args).map((identity, i) => ({
        identity,
        capabilities: Number(held[i]),
      }))
      return { name, changes }
    }
    case 'InvitationClaimed':
    case 'InvitationRevoked':
      return { name, ...invitationOf(args) }
    case 'InvitationsVoided':
      return { name, series: Number(args['series']) }
    case 'NonceBumped':
      return { name, to: u64(args['to']) }
    case 'ContextSealed':
      return { name }
    case 'OptionsChanged':
      return { name, options: optionsOf(args) }
    case 'MigrationPlanned':
      return { name, migration: toMigration(args['successor'], args['movesAt']) }
    case 'GroupAdopted':
    case 'ContextAdopted':
      return { name }
    default:
      return undefined
  }
}

function keyOf(value: unknown): PublicKey {
  return PublicKey.from(bytesOf(value))
}

function u64(value: unknown): bigint {
  return BigInt(String(value))
}

function keysOf(args: Result): PublicKey[] {
  return [...(args['ids'] as Result)].map(keyOf) // bytes32[]
}

function roleOf(args: Result): Role {
  return nameOf(ROLES, args['role'])
}

function optionsOf(args: Result): GroupOptions {
  return { approvers: nameOf(APPROVERS, args['approvers']) }
}

function invitationOf(args: Result): { invitation: Uint8Array; terms: AnnouncedTerms } {
  return {
    invitation: bytesOf(args['invitation']),
    terms: {
      inviter: keyOf(args['inviter']),
      role: roleOf(args),
      capabilities: Number(args['capabilities']),
      notAfter: u64(args['notAfter']),
      maxUses: Number(args['maxUses']),
      inviteNonce: u64(args['inviteNonce']),
      membership: u64(args['membership']),
      series: Number(args['series']),
    },
  }
}

function nameOf<T>(names: readonly T[], ordinal: unknown): T {
  const name = names[Number(ordinal)]
  if (name === undefined) throw new RangeError(`expected below ${names.length}`)
  return name
}
