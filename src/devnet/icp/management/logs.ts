/** The one query of the management canister: the log of a canister. */
import { equalBytes } from '../../../node/primitives/bytes.ts'
import type { Canister } from '../canister/canister.ts'
import type { Chain } from '../chain/chain.ts'
import { decodeArgument, encodeValue } from '../codec/candid.ts'
import { Rejected } from '../errors.ts'
import { CANISTER, type CanisterArg, LOGS } from './candid.ts'

/** @throws Rejected */
export function queryManagement(
  chain: Chain,
  {
    method,
    arg,
    caller,
  }: { readonly method: string; readonly arg: Uint8Array; readonly caller: Uint8Array },
): Uint8Array {
  if (method !== 'fetch_canister_logs') {
    throw new Rejected(3, 'IC0536', `Query method ${method} not found.`)
  }
  const { canister_id: id } = decodeArgument<CanisterArg>(CANISTER, arg)
  const canister = chain.canister(id.toUint8Array())
  if (!mayRead(canister, caller)) {
    throw new Rejected(4, 'IC0406', `Caller is not allowed to access canister logs`)
  }
  const records = canister.logs.map(({ index, time, content }) => {
    return { idx: index, timestamp_nanos: time, content }
  })
  return encodeValue(LOGS, { canister_log_records: records })
}

function mayRead({ settings }: Canister, caller: Uint8Array): boolean {
  const { logVisibility: visibility, controllers } = settings
  if ('public' in visibility) return true
  const viewers = 'allowed_viewers' in visibility ? visibility.allowed_viewers : []
  return [...viewers, ...controllers].some((one) => equalBytes(one, caller))
}
