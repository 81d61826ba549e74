/** Addresses, and who agrees to what (module `a`). */
import { utf8 } from '../../../../node/primitives/bytes.ts'
import { toLatin1 } from '../../codec/text.ts'
import { accountKey, instanceKey } from '../../storage/keys.ts'
import { ADDRESS, type Address, addressOfText, addressText } from '../../value/address.ts'
import { hostError } from '../../value/errors.ts'
import { TAG, tagOf, type Val, VOID } from '../../value/word.ts'
import type { Host } from '../host.ts'
import { executableVal } from '../lifecycle.ts'
import {
  ANY_ADDRESS,
  fn,
  GIVE_ADDRESS,
  GIVE_STRING,
  GIVE_VALUE,
  GIVE_VEC,
  giveNumber,
  type HostFunctions,
  MUXED,
  NOTHING,
  unmuxed,
  VALUE,
  VEC,
} from './define.ts'

/** Protocols by what they brought. */
const MUXED_ADDRESSES = 23
const MUXED_TEXTS = 26
const DELEGATES = 27

function parse(host: Host, text: Val, takesMuxed: boolean): Address {
  const tag = tagOf(text)
  if (tag !== TAG.string && tag !== TAG.bytes) {
    throw hostError('Value', 'UnexpectedType', 'strkey is not a string or bytes object')
  }
  const address = addressOfText(toLatin1(host.objects.bytes(text, tag)), takesMuxed)
  if (address === undefined) throw hostError('Value', 'InvalidInput', 'unexpected strkey')
  return address
}

function executableOf(host: Host, address: Address): Val {
  if (address.kind === ADDRESS.account) {
    const isThere = host.storage.has(accountKey(address.bytes))
    return isThere ? host.objects.newVec([host.objects.newSymbol('Account')]) : VOID
  }
  if (!host.storage.has(instanceKey(address))) return VOID
  return executableVal(host, host.instanceOf(address).executable)
}

export const ADDRESS_FUNCTIONS: HostFunctions = {
  _: fn('require_auth_for_args', [ANY_ADDRESS, VEC], NOTHING, (host, address, args) =>
    host.authorizer.require(address, args),
  ),
  0: fn('require_auth', [ANY_ADDRESS], NOTHING, (host, address) =>
    host.authorizer.require(address, host.frame.call?.args ?? []),
  ),
  1: fn('strkey_to_address', [VALUE], GIVE_ADDRESS, (host, text) => parse(host, text, false)),
  2: fn('address_to_strkey', [ANY_ADDRESS], GIVE_STRING, (_, address) =>
    utf8(addressText(address)),
  ),
  3: fn('authorize_as_curr_contract', [VEC], NOTHING, (host, entries) =>
    host.authorizer.agreeAsContract(entries),
  ),
  4: fn(
    'get_address_from_muxed_address',
    [MUXED],
    GIVE_ADDRESS,
    (_, muxed) => unmuxed(muxed),
    MUXED_ADDRESSES,
  ),
  5: fn(
    'get_id_from_muxed_address',
    [MUXED],
    giveNumber(TAG.u64),
    (_, { id }) => id ?? 0n,
    MUXED_ADDRESSES,
  ),
  6: fn('get_address_executable', [ANY_ADDRESS], GIVE_VALUE, executableOf, MUXED_ADDRESSES),
  7: fn(
    'strkey_to_muxed_address',
    [VALUE],
    GIVE_VALUE,
    (host, text) => {
      const address = parse(host, text, true)
      const isMuxed = address.kind === ADDRESS.muxed
      return isMuxed ? host.objects.newMuxed(address) : host.objects.newAddress(address)
    },
    MUXED_TEXTS,
  ),
  8: fn(
    'muxed_address_to_strkey',
    [VALUE],
    GIVE_STRING,
    ({ objects }, value) => {
      const tag = tagOf(value) === TAG.muxed ? TAG.muxed : TAG.address
      return utf8(addressText(objects.address(value, tag)))
    },
    MUXED_TEXTS,
  ),
  9: fn(
    'get_delegated_signers_for_current_auth_check',
    [],
    GIVE_VEC,
    (host) => host.authorizer.delegates().map((one) => host.objects.newAddress(one)),
    DELEGATES,
  ),
  a: fn(
    'delegate_account_auth',
    [ANY_ADDRESS],
    NOTHING,
    (host, address) => host.authorizer.delegate(address),
    DELEGATES,
  ),
}
