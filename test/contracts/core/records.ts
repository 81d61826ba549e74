/** What the reference model stores, in the keys and bytes of the rules in Rust. */
import * as P from 'micro-packed'
import { applicationCodec } from '../../../src/node/anchor/envelope.ts'
import { ROLES } from '../../../src/node/anchor/anchor.ts'
import { APPROVERS } from '../../../src/node/anchor/operations.ts'
import type { Effect } from '../../../src/chains/local/model/groups/state.ts'
import { releaseCodec } from '../../../src/node/anchor/packages/envelope.ts'
import type { PackageEffect } from '../../../src/chains/local/model/packages/state.ts'
import { bytes, bytes32, option, string, vec } from '../../../src/node/codec/codec.ts'
import { concat, fromHex, toHex, utf8 } from '../../../src/node/primitives/bytes.ts'

/** A row to store: its key and its bytes, hexadecimal. */
export type Row = readonly [key: string, value: string | undefined]

const flag = P.bool
const groupLayout = P.struct({
  ...{ membersRevision: P.U64LE, capabilitiesRevision: P.U64LE, count: P.U32LE, managers: P.U32LE },
  ...{ approvers: P.U8, sealed: flag },
  migration: option(P.struct({ successor: bytes, movesAt: P.U64LE })),
})
const memberLayout = P.struct({
  ...{ slot: P.U32LE, role: P.U8, capabilities: P.U8, nonce: P.U64LE },
  ...{ joinedRevision: P.U64LE, series: P.U16LE },
})
const pastLayout = P.struct({
  nonce: P.U64LE,
  barred: flag,
  until: P.U64LE,
})
const invitationLayout = P.struct({ uses: P.U32LE, revoked: flag, notAfter: P.U64LE })
const bookLayout = vec(P.struct({ invitation: bytes32, notAfter: P.U64LE }))
const packageLayout = P.struct({
  ...{ name: string, description: string, repository: string },
  ...{ owners: vec(bytes32), offered: vec(bytes32) },
  ...{ revision: P.U64LE, releases: P.U32LE, available: P.U32LE },
})
const publishedTail = P.struct({
  ...{ publisher: bytes32, previous: P.U32LE, next: P.U32LE, yankReason: option(string) },
})
const lineLayout = P.struct({ stable: P.U32LE, preRelease: P.U32LE })

/** A number in so many bytes, big-endian, as keys have it. */
function big(value: string | undefined, length: number): string {
  return BigInt(value ?? '')
    .toString(16)
    .padStart(2 * length, '0')
}

const GROUP_TABLES = ['contexts', 'groups', 'members', 'past', 'slots', 'invitations', 'books']
const PACKAGE_TABLES = ['packages', 'releases', 'numbers', 'lines', 'majors', 'nonces']

function keyOf(tables: readonly string[], table: string, rest: string): string {
  return big(String(tables.indexOf(table) + 1), 1) + rest
}

/** The row of an effect of the model of groups. */
export function groupRow(effect: Effect): Row {
  const { table, key } = effect
  const value = groupValue(effect)
  return [keyOf(GROUP_TABLES, table, restOf(table, key)), value && toHex(value)]
}

function restOf(table: Effect['table'], key: string): string {
  if (table === 'slots') return key.slice(0, 64) + big(key.slice(64), 4)
  if (table !== 'books') return key
  const [joined, series] = key.slice(128).split('/')
  return key.slice(0, 128) + big(joined, 8) + big(series, 2)
}

function groupValue(effect: Effect): Uint8Array | undefined {
  const { table, value } = effect
  if (value === undefined) return undefined
  switch (table) {
    case 'contexts': {
      const { group, application, applicationRevision } = value
      return concat(
        group,
        applicationCodec.encode(application),
        P.U64LE.encode(applicationRevision),
      )
    }
    case 'groups':
      return groupLayout.encode({
        ...value,
        approvers: APPROVERS.indexOf(value.options.approvers),
        migration: value.migration,
      })
    case 'members':
      return memberLayout.encode({ ...value, role: ROLES.indexOf(value.role) })
    case 'past':
      return pastLayout.encode(value)
    case 'slots':
      return value
    case 'invitations':
      return invitationLayout.encode(value)
    case 'books':
      return bookLayout.encode(
        value.map(({ invitation, notAfter }) => ({ invitation: fromHex(invitation), notAfter })),
      )
  }
}

const CHANNELS = ['stable', 'preRelease']

/** The row of an effect of the model of packages. */
export function packageRow(effect: PackageEffect): Row {
  const { table, key } = effect
  const value = packageValue(effect)
  return [keyOf(PACKAGE_TABLES, table, packageRestOf(table, key)), value && toHex(value)]
}

function packageRestOf(table: PackageEffect['table'], key: string): string {
  const [id = '', first = '', level, prefix] = key.split(' ')
  switch (table) {
    case 'packages':
    case 'nonces':
      return id
    case 'releases':
    case 'lines':
      return id + big(first, 4)
    case 'numbers':
      return id + toHex(utf8(first))
    case 'majors':
      return id + big(String(CHANNELS.indexOf(first)), 1) + big(level, 1) + big(prefix, 4)
  }
}

function packageValue(effect: PackageEffect): Uint8Array | undefined {
  const { table, value } = effect
  if (value === undefined) return undefined
  switch (table) {
    case 'packages':
      return packageLayout.encode({
        ...value,
        owners: [...value.owners],
        offered: [...value.offered],
      })
    case 'releases': {
      const { release, yankReason, ...rest } = value
      return concat(releaseCodec.encode(release), publishedTail.encode({ ...rest, yankReason }))
    }
    case 'numbers':
      return P.U32LE.encode(value)
    case 'lines':
      return lineLayout.encode(value.highest)
    case 'majors':
      // the bit n is bit n % 8 of byte n / 8
      return fromHex(value.toString(16).padStart(64, '0')).reverse()
    case 'nonces':
      return P.U64LE.encode(value)
  }
}
