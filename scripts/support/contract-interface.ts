/** `contracts/interface.json`, which every anchor shares, and the Solidity that follows from it; the Rust is that of `rust-interface.ts`. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Names and numbers that every anchor agrees on. */
export interface ContractInterface {
  readonly version: number
  /** First byte of every envelope. */
  readonly envelopeVersion: number
  readonly chains: Readonly<Record<string, number>>
  readonly tags: Readonly<Record<string, string>>
  readonly roles: readonly string[]
  readonly approvers: readonly string[]
  readonly capabilities: Readonly<Record<string, number>>
  readonly operations: Readonly<Record<string, number>>
  /** What wallets show of each operation. */
  readonly words: Readonly<Record<string, string>>
  readonly errors: Readonly<Record<string, number>>
  /** Chains that alone have a refusal; all have those that are not named. */
  readonly errorsOf: Readonly<Record<string, readonly string[]>>
  readonly limits: Readonly<Record<string, number>>
  /** Seconds that pass before something takes effect. */
  readonly delays: Readonly<Record<string, number>>
  /** Fields of each event, besides subject, signer, nonce and revision. */
  readonly events: Readonly<Record<string, Readonly<Record<string, string>>>>
}

/** The file as it stands in the checkout. */
export function readInterface(root: string): ContractInterface {
  // our own file, whose shape a test checks
  return JSON.parse(
    readFileSync(join(root, 'contracts/interface.json'), 'utf8'),
  ) as ContractInterface
}

/** Refusals that one of these chains has, with their numbers. */
export function errorsOf(
  { errors, errorsOf: alone }: ContractInterface,
  chains: readonly string[],
): (readonly [name: string, number: number])[] {
  return Object.entries(errors).filter(
    ([name]) => alone[name]?.some((chain) => chains.includes(chain)) ?? true,
  )
}

/** `manageMembers` as `MANAGE_MEMBERS`. */
export function upper(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, '$1_$2').toUpperCase()
}

/** The largest unsigned type a limit is compared as: revisions and times are u64. */
function limitType(value: number): string {
  return value > 0xffff_ffff ? 'uint64' : 'uint256'
}

/** `contracts/ethereum/src/Interface.sol`. */
export function toSolidity(source: ContractInterface): string {
  const all = Object.values(source.capabilities).reduce((bits, bit) => bits | bit, 0)
  const line = (type: string, name: string, value: string | number): string =>
    `${type} constant ${name} = ${value};`
  return [
    '// SPDX-License-Identifier: MIT OR Apache-2.0',
    'pragma solidity 0.8.37;',
    '',
    '// Generated from contracts/interface.json by `node scripts/build-contracts.ts`. Do not edit.',
    '',
    '// Chain number in domains.',
    line('uint8', 'CHAIN_EVM', source.chains['evm'] ?? 0),
    '',
    '// Tags of hashes; each is followed by a zero byte.',
    ...Object.entries(source.tags).map(([name, tag]) =>
      line('string', `TAG_${upper(name)}`, JSON.stringify(tag)),
    ),
    '',
    '// Roles and approver policies: how many there are, and ordinals.',
    line('uint256', 'ROLES', source.roles.length),
    line('uint256', 'APPROVERS', source.approvers.length),
    ...source.roles.map((name, ordinal) => line('uint8', `ROLE_${upper(name)}`, ordinal)),
    '',
    '// Capability bits.',
    ...Object.entries(source.capabilities).map(([name, bit]) =>
      line('uint8', `CAPABILITY_${upper(name)}`, bit),
    ),
    line('uint8', 'ALL_CAPABILITIES', all),
    '',
    '// Ordinals of operations.',
    ...Object.entries(source.operations).map(([name, ordinal]) =>
      line('uint8', upper(name), ordinal),
    ),
    '',
    '/// @notice keccak256 of what wallets show of an operation. Reverts for what is none.',
    'function wordsOf(uint8 operation) pure returns (bytes32) {',
    ...Object.entries(source.words).map(
      ([name, words]) =>
        `    if (operation == ${upper(name)}) return keccak256(${JSON.stringify(words)});`,
    ),
    '    revert Malformed();',
    '}',
    '',
    '// Bounds.',
    ...Object.entries(source.limits).map(([name, value]) => {
      const constant = `MAX_${upper(name)}`
      return line(limitType(value), constant, value)
    }),
    '',
    '// Delays.',
    ...Object.entries(source.delays).map(([name, value]) => line('uint256', upper(name), value)),
    '',
    '// Refusals, with the number that every chain gives them.',
    ...errorsOf(source, ['evm']).flatMap(([name, number]) => [
      `/// @notice ${number}.${name === 'BadNonce' ? ' `expected` would have been right.' : ''}`,
      `error ${name}(${name === 'BadNonce' ? 'uint64 expected' : ''});`,
    ]),
    '',
  ].join('\n')
}
