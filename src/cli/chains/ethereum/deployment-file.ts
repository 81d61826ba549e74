/** The deployment file of contracts on Ethereum that a command is about to write. */
import {
  type Deployment,
  isSameDeployment,
  readDeployment,
  writeDeployment,
} from '../../../chains/ethereum/deploy/deployment.ts'
import { networkName } from '../../../chains/ethereum/constants.ts'
import { planDeployment } from '../../../chains/ethereum/deploy/plan.ts'
import type { OutFile } from '../chain.ts'
import { openOutFile as open } from '../out-file.ts'

interface OutFileOptions {
  /** Replace whatever is there. @default false */
  readonly force?: boolean | undefined
  /** Replace other contracts of the same chain. @default false */
  readonly anyContracts?: boolean
  /** Contract whose groups may move to the one that is written. @default none */
  readonly predecessor?: string | undefined
}

/** @throws CLI_FILE (input) when it cannot be written, or holds something else */
export async function openOutFile(
  path: string,
  chainId: number,
  { force, anyContracts = false, predecessor }: OutFileOptions = {},
): Promise<OutFile> {
  return open<Deployment>(path, {
    read: readDeployment,
    write: writeDeployment,
    isRight: (found) =>
      found.chainId === chainId && (anyContracts || hasPlannedContracts(found, predecessor)),
    isSame: isSameDeployment,
    nameOf: (found) => networkName(found.chainId),
    force,
  })
}

/** Whether a file has the addresses that this release gives. */
function hasPlannedContracts({ contracts }: Deployment, predecessor?: string): boolean {
  const { identityRegistry, contextAnchor, packageRegistry } = contracts
  const known = [identityRegistry, contextAnchor, packageRegistry].flatMap((each) =>
    each === undefined ? [] : [each.address.toLowerCase()],
  )
  const planned = planDeployment(predecessor).map(({ address }) => address.toLowerCase())
  return known.every((address) => planned.includes(address))
}
