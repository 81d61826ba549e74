/**
 * Whether the contract of an account is ours: its code is what our artefact puts there, it is of the network that the endpoints serve, and no key can put
 * other code there.
 */
import { fromBase58, fromUtf8, toHex, EMPTY } from '../../../node/primitives/bytes.ts'
import { isMerogateError } from '../../../node/errors.ts'
import type { Endpoint } from '../../shared/endpoints.ts'
import { NO_CODE, viewAccount, viewKeys } from '../rpc/query.ts'
import { type ContractName, CONTRACT_VERSION, noContract } from '../../shared/core/artifacts.ts'
import { codeHashOf } from './artifacts.ts'
import { askView } from './views.ts'

/** What is to be there. */
export interface ExpectedContract {
  readonly contract: ContractName
  readonly address: string
  /** As endpoints name their chain. */
  readonly chainId: string
}

/** SHA-256 of the code of an account, hexadecimal; undefined where there is none. */
export async function readCodeHash(
  endpoint: Endpoint,
  account: string,
): Promise<string | undefined> {
  const found = await viewAccount(endpoint, account)
  if (found === undefined || found.codeHash === NO_CODE) return undefined
  return toHex(fromBase58(found.codeHash))
}

/** @throws CHAIN_NO_CONTRACT when there is none, or another, or somebody can still change it */
export async function checkContract(
  endpoint: Endpoint,
  { contract, address, chainId }: ExpectedContract,
): Promise<void> {
  const hash = await readCodeHash(endpoint, address)
  if (hash === undefined) throw noContract('near', contract, address, 'nothing that answers')
  if (hash !== codeHashOf(contract)) {
    const got = `code of SHA-256 ${hash}, which is not that of this release`
    throw noContract('near', contract, address, got)
  }
  const keys = await viewKeys(endpoint, address)
  if (keys.size > 0) {
    throw noContract(
      'near',
      contract,
      address,
      `one that whoever has its ${keys.size} keys can replace`,
    )
  }
  const { version, network } = await askView(endpoint, { contract, address }, 'info', EMPTY)
  if (version !== CONTRACT_VERSION) {
    throw noContract('near', contract, address, `one of version ${version}`)
  }
  const told = toText(network)
  if (told !== chainId) throw noContract('near', contract, address, `one of the network ${told}`)
}

function toText(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes)
  } catch (error) {
    if (!isMerogateError(error)) throw error
    return `0x${toHex(bytes)}`
  }
}
