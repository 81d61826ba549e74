/** Whether the contract at an address is ours: it says so itself, in the domain of its signatures (EIP-5267). */
import type { ContractName } from './artifacts.ts'
import { abiOf, decodeView, isRevert } from './codec.ts'
import { CONTRACT_VERSION } from '../constants.ts'
import { ethereumError } from '../errors.ts'
import type { Endpoint } from '../rpc/rpc.ts'

/** How the contracts call themselves. */
const DOMAIN_NAMES: Readonly<Record<ContractName, string>> = {
  IdentityRegistry: 'merogate identities',
  ContextAnchor: 'merogate contexts',
  PackageRegistry: 'merogate packages',
}

/** @throws ETHEREUM_NO_CONTRACT when there is none, or another */
export async function checkContract(
  endpoint: Endpoint,
  contract: ContractName,
  address: string,
): Promise<void> {
  const data = abiOf(contract).encodeFunctionData('eip712Domain')
  let answer: unknown
  try {
    answer = await endpoint.send('eth_call', [{ to: address, data }, 'latest'])
  } catch (error) {
    if (isRevert(error)) throw noContract(contract, address, 'another contract', error)
    throw error
  }
  if (answer === '0x') throw noContract(contract, address, 'nothing that answers')
  const [, name, version] = decodeView(contract, 'eip712Domain', answer)
  if (name !== DOMAIN_NAMES[contract]) throw noContract(contract, address, 'another contract')
  if (version !== CONTRACT_VERSION) {
    throw noContract(contract, address, `one of version ${String(version)}`)
  }
}

/** Something else lies where a contract should be. */
export function noContract(
  contract: ContractName,
  address: string,
  got: string,
  cause?: unknown,
): Error {
  return ethereumError(
    'ETHEREUM_NO_CONTRACT',
    `expected ${contract} at ${address}, got ${got}: is the deployment of this network?`,
    { address, contract },
    { cause },
  )
}
