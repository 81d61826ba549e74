/** Calls of the management canister from outside: which they are, which canister they are about, and who may make them. */
import { equalBytes } from '../../../node/primitives/bytes.ts'
import type { Canister } from '../canister/canister.ts'
import type { Chain } from '../chain/chain.ts'
import { decodeArgument } from '../codec/candid.ts'
import { type CallContent, RequestRefused } from '../codec/envelope.ts'
import { Rejected } from '../errors.ts'
import { CANISTER, type CanisterArg, type InstallChunkedArg, TARGET } from './candid.ts'

/** Made by whoever wants to; there is no canister yet, or it does not matter whose it is. */
const FREE = ['provisional_create_canister_with_cycles', 'provisional_top_up_canister']
/** Made by controllers alone. */
const CONTROLLED = [
  ...['install_code', 'install_chunked_code', 'uninstall_code', 'update_settings'],
  ...['upload_chunk', 'clear_chunk_store', 'stored_chunks'],
  ...['start_canister', 'stop_canister', 'delete_canister', 'canister_status'],
]

/**
 * The canister that the call is about, which pays for it.
 * @throws Rejected where the call is not for outsiders, RequestRefused where the address names another canister
 */
export function managedCanister(
  chain: Chain,
  { method_name: method, arg, sender }: CallContent,
  target: Uint8Array,
): Canister | undefined {
  if (!FREE.includes(method) && !CONTROLLED.includes(method)) {
    const message = `ic00 method ${method} can not be called via ingress messages`
    throw new Rejected(4, 'IC0406', message)
  }
  if (method === FREE[0]) return undefined
  const id =
    method === 'install_chunked_code'
      ? decodeArgument<Pick<InstallChunkedArg, 'target_canister'>>(TARGET, arg).target_canister
      : decodeArgument<CanisterArg>(CANISTER, arg).canister_id
  if (!equalBytes(id.toUint8Array(), target)) {
    throw new RequestRefused(400, `the call is about ${id.toText()}, the address says otherwise`)
  }
  const canister = chain.canister(target)
  if (CONTROLLED.includes(method)) checkController(canister, sender, method)
  return canister
}

/** @throws Rejected */
export function checkController(canister: Canister, caller: Uint8Array, method: string): void {
  if (canister.settings.controllers.some((one) => equalBytes(one, caller))) return
  const message = `Only controllers of canister ${canister.text} can call ic00 method ${method}`
  throw new Rejected(5, 'IC0512', message)
}
