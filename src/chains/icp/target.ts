/** Canisters by their ids. */
import type { ContractName } from '../shared/core/artifacts.ts'
import type { Target } from './contracts/rows.ts'
import { principalBytes } from './principal.ts'

/** One of our canisters. @throws TypeError for an id that is none */
export function targetOf(contract: ContractName, address: string): Target {
  const canister = principalBytes(address)
  if (canister === undefined) throw new TypeError(`expected the id of a canister, got ${address}`)
  return { contract, canister, address }
}
