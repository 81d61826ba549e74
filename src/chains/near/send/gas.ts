/** Gas by operation. What is attached is what a call may use; it pays for what it uses. */
import type { OperationKind } from '../../../node/anchor/operations.ts'
import type { PackageOperationKind } from '../../../node/anchor/packages/operations.ts'
import { TERA } from '../constants.ts'
import type { ContractName } from '../../shared/core/artifacts.ts'
import { decodeEnvelope } from '../../shared/core/values.ts'
import { MAX_OPERATION_GAS, MIN_OPERATION_GAS } from '../limits.ts'

/**
 * Teragas of an operation, and of each identity that it names: several times what the local chain measures, since that has no fees for the depth of what
 * is stored.
 */
const TABLE: Readonly<
  Record<OperationKind | PackageOperationKind, readonly [base: bigint, each: bigint]>
> = {
  createContext: [25n, 0n],
  updateApplication: [20n, 0n],
  addMembers: [20n, 2n],
  removeMembers: [20n, 2n],
  grant: [20n, 1n],
  revoke: [20n, 1n],
  leave: [20n, 0n],
  claimInvitation: [35n, 0n],
  revokeInvitation: [30n, 0n],
  bumpNonce: [20n, 0n],
  seal: [20n, 0n],
  setOptions: [20n, 0n],
  setRole: [20n, 1n],
  voidInvitations: [20n, 0n],
  migrateTo: [20n, 0n],
  createPackage: [25n, 0n],
  publishRelease: [30n, 0n],
  yankRelease: [30n, 0n],
  addOwner: [25n, 0n],
  removeOwner: [20n, 0n],
  acceptOwnership: [20n, 0n],
}

/** Gas for an envelope; of one that cannot be read, the least: the contract says what is wrong with it. */
export function gasFor(contract: ContractName, envelope: Uint8Array): bigint {
  const operation = operationOf(contract, envelope)
  if (operation === undefined) return MIN_OPERATION_GAS
  const [base, each] = TABLE[operation.kind]
  const gas = (base + each * BigInt(operation.named)) * TERA
  return gas < MAX_OPERATION_GAS ? gas : MAX_OPERATION_GAS
}

function operationOf(
  contract: ContractName,
  envelope: Uint8Array,
): { readonly kind: OperationKind | PackageOperationKind; readonly named: number } | undefined {
  try {
    const { operation } = decodeEnvelope(contract, envelope)
    if ('ids' in operation) return { kind: operation.kind, named: operation.ids.length }
    if ('changes' in operation) return { kind: operation.kind, named: operation.changes.length }
    return { kind: operation.kind, named: 0 }
  } catch {
    return undefined
  }
}
