/** Between the contracts' ABI and the values of the anchor room. */
import { type ErrorDescription, getBytes, Interface, type Result } from 'ethers'
import {
  ROLES,
  type ContextRecord,
  type GroupRecord,
  type MemberRecord,
  type MigrationRecord,
} from '../../../node/anchor/anchor.ts'
import { applicationCodec } from '../../../node/anchor/envelope.ts'
import { badAnswer, isRefusalName, type Refusal, refusal } from '../../../node/anchor/errors.ts'
import type { SignedEnvelope, MemberPage, Standing } from '../../../node/anchor/service.ts'
import { concat, toHex } from '../../../node/primitives/bytes.ts'
import { type ContextId, GroupId, PublicKey } from '../../../node/primitives/ids.ts'
import { artifact, type ContractName } from './artifacts.ts'
import { revertDataOf, rpcErrorKind } from '../rpc/rpc-errors.ts'

const interfaces = new Map<ContractName, Interface>()

/** A contract's ABI, parsed once. */
export function abiOf(name: ContractName): Interface {
  let found = interfaces.get(name)
  if (found === undefined) {
    found = new Interface(artifact(name).abi)
    interfaces.set(name, found)
  }
  return found
}

/** Bytes as hexadecimal with 0x. */
export function hex(bytes: Uint8Array): string {
  return `0x${toHex(bytes)}`
}

/** Call data that delivers a signed envelope: its signature says by which door (see {@link doorOf}). */
export function submitCall(name: ContractName, { envelope, signature }: SignedEnvelope): string {
  return abiOf(name).encodeFunctionData(doorOf(signature), [hex(envelope), hex(signature)])
}

/**
 * The door for a signature by its length: none means that the sending account is the signer's own, up to 64 bytes are ed25519, more are
 * an account's signature.
 */
export function doorOf(signature: Uint8Array): 'submit' | 'submitEd25519' {
  return signature.length === 0 || signature.length > 64 ? 'submit' : 'submitEd25519'
}

/** Why a call reverted; undefined when the error is no revert of ours. */
export function refusalOf(name: ContractName, error: unknown): Refusal | undefined {
  const data = revertDataOf(error)
  const parsed = data === undefined ? null : parseError(name, data)
  if (parsed === null || !isRefusalName(parsed.name)) return undefined
  const [expected] = parsed.args
  return refusal(parsed.name, typeof expected === 'bigint' ? expected : undefined)
}

function parseError(name: ContractName, data: string): ErrorDescription | null {
  try {
    return abiOf(name).parseError(data)
  } catch {
    return null // begins like one of ours, and does not go on like it
  }
}

/** Whether an error is a revert, ours or not. */
export function isRevert(error: unknown): boolean {
  return rpcErrorKind(error) === 'revert'
}

/** The answer of a view. @throws ANCHOR_BAD_ANSWER */
export function decodeView(name: ContractName, view: string, answer: unknown): Result {
  try {
    return abiOf(name).decodeFunctionResult(view, String(answer))
  } catch {
    throw badAnswer('the contract’s address', `an answer to ${view} of another shape`)
  }
}

/** Bytes of a value that the ABI says is some. */
export function bytesOf(value: unknown): Uint8Array {
  return getBytes(String(value))
}

/** `context(id)`. */
export function toContext(id: ContextId, [group, revision, application]: Result): ContextRecord {
  return {
    id,
    group: GroupId.from(bytesOf(group)),
    application: applicationCodec.decode(bytesOf(application)),
    applicationRevision: revision as bigint, // the ABI says uint64
  }
}

/** `group(id)`. */
export function toGroup(id: GroupId, [header]: Result): GroupRecord {
  const [membersRevision, capabilitiesRevision, count, , , sealed, movesAt, successor] =
    header as Result // a struct
  return {
    id,
    membersRevision: membersRevision as bigint,
    capabilitiesRevision: capabilitiesRevision as bigint,
    memberCount: Number(count),
    sealed: sealed === true,
    migration: toMigration(successor, movesAt),
  }
}

/** Where a group moves and when, of which the second is zero while it stays. */
export function toMigration(successor: unknown, movesAt: unknown): MigrationRecord | undefined {
  if (movesAt === 0n) return undefined
  return { successor: bytesOf(successor), movesAt: BigInt(String(movesAt)) }
}

/** `member(group, identity)`; undefined when it is none. */
export function toMember(identity: PublicKey, [record]: Result): MemberRecord | undefined {
  return recordOf(identity, record as Result) // a struct
}

/** What `member(group, identity)` says of anybody. */
export function toStanding([record]: Result): Standing {
  const [nonce, joinedRevision, , , , series] = record as Result // a struct
  return {
    // the ABI says uint64
    nonce: nonce as bigint,
    joinedRevision: joinedRevision as bigint,
    series: Number(series),
  }
}

/** `members(group, offset, length)`. */
export function toPage([revision, total, identities, records]: Result): MemberPage {
  const items = [...(identities as Result)].flatMap((identity, index) => {
    // a struct per identity
    const record = recordOf(PublicKey.from(bytesOf(identity)), (records as Result)[index] as Result)
    return record === undefined ? [] : [record]
  })
  return { revision: revision as bigint, total: Number(total), items }
}

function recordOf(
  identity: PublicKey,
  [nonce, joinedRevision, , role, capabilities]: Result,
): MemberRecord | undefined {
  if (joinedRevision === 0n) return undefined
  return {
    identity,
    role: ROLES[Number(role)] ?? 'relay', // an unknown role may do least
    capabilities: Number(capabilities),
    // the ABI says uint64
    nonce: nonce as bigint,
    joinedRevision: joinedRevision as bigint,
  }
}

/** A chain id as the 32 bytes that a domain names its network by. */
export function networkBytes(chainId: number): Uint8Array {
  const digits = chainId.toString(16)
  const bytes = getBytes(`0x${digits.padStart(digits.length + (digits.length % 2), '0')}`)
  return concat(new Uint8Array(32 - bytes.length), bytes)
}
