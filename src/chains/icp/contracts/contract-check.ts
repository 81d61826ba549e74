/** Whether a canister is ours: the network certifies that it has the module of this release, and the canister that it belongs to this network. */
import { toHex } from '../../../node/primitives/bytes.ts'
import { CONTRACT_VERSION, noContract } from '../../shared/core/artifacts.ts'
import type { Endpoint } from '../../shared/endpoints.ts'
import { ask } from '../rpc/asked.ts'
import { ARTIFACTS } from './artifacts.ts'
import { keys } from './keys.ts'
import { type Settings, settingsLayout } from './records.ts'
import { proveRows, type Target } from './rows.ts'

/** What is to be there. */
export interface ExpectedCanister extends Target {
  /** As its settings name it. */
  readonly network: string
}

/** SHA-256 of the module of a canister, hexadecimal; undefined where there is none. @throws ANCHOR_BAD_ANSWER (protocol) */
export async function readModuleHash(
  endpoint: Endpoint,
  canister: Uint8Array,
): Promise<string | undefined> {
  const paths = [['canister', canister, 'module_hash']]
  const hash = (await ask(endpoint, 'read_state', { canister, paths })).find(
    ...['canister', canister, 'module_hash'],
  )
  return hash && toHex(hash)
}

/** What a canister of ours was told when it was made, proven. @throws CHAIN_NO_CONTRACT (missing) when there is none, or another */
export async function checkCanister(
  endpoint: Endpoint,
  expected: ExpectedCanister,
): Promise<Settings> {
  const { contract, address, canister, network } = expected
  const other = (got: string): Error => noContract('icp', contract, address, got)
  const hash = await readModuleHash(endpoint, canister)
  if (hash === undefined) throw other('no canister with a module')
  if (hash !== ARTIFACTS.codeHashOf(contract)) {
    throw other(`a module of SHA-256 ${hash}, which is not that of this release`)
  }
  const { rows } = await proveRows(endpoint, expected, { method: 'info', args: [] })
  const settings = rows.read(keys.settings(), settingsLayout)
  if (settings === undefined) throw other('a canister without settings')
  if (settings.version !== CONTRACT_VERSION) throw other(`one of version ${settings.version}`)
  if (settings.network !== network) throw other(`one of the network ${settings.network}`)
  return settings
}
