/** What operations cost on Ethereum, for people who plan: the chain estimates each one anew when it is sent. */

/**
 * Gas of the operations that a node sends, rounded up from the snapshot `contracts/ethereum/gas.json` that the contracts' tests keep: of the
 * first operation of its sort, sent by the account itself, an application's record of some 100 bytes.
 */
export const OPERATION_GAS = {
  bind: 171_000n,
  createContext: 186_000n,
  addMember: 98_000n,
  addSixteenMembers: 863_000n,
  removeMember: 65_000n,
  updateApplication: 111_000n,
} as const

/** Name of an operation. */
export type OperationName = keyof typeof OPERATION_GAS

/** What people read. */
export const OPERATION_TEXTS: Readonly<Record<OperationName, string>> = {
  bind: 'bind an identity, once',
  createContext: 'create a context',
  addMember: 'add a member',
  addSixteenMembers: 'add 16 members at once',
  removeMember: 'remove a member',
  updateApplication: 'update the application',
}

/** An operation and its price. */
export interface OperationCost {
  readonly operation: OperationName
  readonly gas: bigint
  /** Wei at this price per gas. */
  readonly wei: bigint
}

/** All operations at a price in wei per gas. */
export function operationCosts(weiPerGas: bigint): readonly OperationCost[] {
  // the keys of the table, which the compiler knows as its names
  const names = Object.keys(OPERATION_GAS) as OperationName[]
  return names.map((operation) => {
    const gas = OPERATION_GAS[operation]
    return { operation, gas, wei: gas * weiPerGas }
  })
}
