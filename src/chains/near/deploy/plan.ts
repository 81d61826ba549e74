/** Which contracts there are to be, where, and the one transaction that makes each: afterwards nobody has a key to its account. */
import { actions } from 'near-api-js'
import { utf8 } from '../../../node/primitives/bytes.ts'
import { GAS_PRICE, STORAGE_PRICE, TERA } from '../constants.ts'
import { CONTRACT_NAMES, type ContractName } from '../../shared/core/artifacts.ts'
import { codeHashOf, codeOf } from '../contracts/artifacts.ts'
import { type Action, callAction } from '../send/account.ts'

/** A contract that is to be there. */
export interface PlannedContract {
  readonly name: ContractName
  /** An account below the one that pays. */
  readonly address: string
  /** SHA-256, hexadecimal. */
  readonly codeHash: string
  /** Bytes that its account takes, code and all. */
  readonly storage: number
  /** YoctoNEAR that are locked for these bytes, for ever. */
  readonly deposit: bigint
  /** Gas that its transaction may use. */
  readonly gas: bigint
}

/** Bytes of an account beside its code: itself, what the contract stores at its beginning, and some to spare. */
const ACCOUNT_BYTES = 2048
/** Gas of `new`. */
const INIT_GAS = 20n * TERA
/** Gas of creating an account, and of a byte of code: what is sent and what is executed together (protocol 88, rounded up). */
const BASE_GAS = 10n * TERA
const CODE_BYTE_GAS = 72_000_000n

/** All contracts, in the order they are made. */
export function planDeployment(account: string): readonly PlannedContract[] {
  return CONTRACT_NAMES.map((name) => {
    const bytes = codeOf(name).length
    const storage = bytes + ACCOUNT_BYTES
    return {
      name,
      address: `${name}.${account}`,
      codeHash: codeHashOf(name),
      storage,
      deposit: BigInt(storage) * STORAGE_PRICE,
      gas: BASE_GAS + INIT_GAS + BigInt(bytes) * CODE_BYTE_GAS,
    }
  })
}

/** YoctoNEAR that gas may cost. */
export function gasCost(gas: bigint): bigint {
  return gas * GAS_PRICE
}

/** What makes a contract: its account, its storage, its code and what it is told, all or nothing, and no key. */
export function creationOf({ name, deposit }: PlannedContract, chainId: string): readonly Action[] {
  const told = utf8(JSON.stringify({ network: chainId, predecessor: null }))
  return [
    actions.createAccount(),
    actions.transfer(deposit),
    actions.deployContract(codeOf(name)),
    callAction('new', told, { gas: INIT_GAS }),
  ]
}
