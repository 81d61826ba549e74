/** What one of our canisters was told when it was installed, as the network certifies it. */
import { badAnswer } from '../../../node/anchor/errors.ts'
import type { ContractName } from '../../shared/core/artifacts.ts'
import type { Endpoints } from '../../shared/endpoints.ts'
import { keys } from '../contracts/keys.ts'
import { settingsLayout } from '../contracts/records.ts'
import { proveRows } from '../contracts/rows.ts'
import { principalText } from '../principal.ts'

/** The network that a canister was installed for. @throws ANCHOR_BAD_ANSWER (protocol), ANCHOR_UNREACHABLE (transport), CHAIN_RPC */
export async function readNetworkOf(
  rpc: Endpoints,
  contract: ContractName,
  canister: Uint8Array,
  signal?: AbortSignal,
): Promise<string> {
  const target = { contract, canister, address: principalText(canister) }
  return rpc.run(async (endpoint) => {
    const { rows } = await proveRows(endpoint, target, { method: 'info', args: [] })
    const settings = rows.read(keys.settings(), settingsLayout)
    if (settings === undefined) throw badAnswer(endpoint.name, 'a canister without settings')
    return settings.network
  }, signal)
}
