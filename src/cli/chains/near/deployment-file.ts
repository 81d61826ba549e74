/** The deployment file of contracts on NEAR that a command is about to write. */
import {
  type Deployment,
  isSameDeployment,
  readDeployment,
  writeDeployment,
} from '../../../chains/near/deploy/deployment.ts'
import type { OutFile } from '../chain.ts'
import { openOutFile as open } from '../out-file.ts'

/** What is to be written. */
interface OutFileOptions {
  readonly chainId: string
  /** Accounts that the contracts are to have; any where this is left out. */
  readonly addresses?: readonly string[] | undefined
  /** Replace whatever is there. @default false */
  readonly force?: boolean | undefined
}

/** @throws CLI_FILE (input) when it cannot be written, or holds something else */
export async function openOutFile(
  path: string,
  { chainId, addresses, force }: OutFileOptions,
): Promise<OutFile> {
  return open<Deployment>(path, {
    read: readDeployment,
    write: writeDeployment,
    isRight: (found) =>
      found.chainId === chainId && (addresses === undefined || isOf(found.contracts, addresses)),
    isSame: isSameDeployment,
    nameOf: ({ network }) => network,
    force,
  })
}

function isOf(
  { contexts, packages }: Deployment['contracts'],
  addresses: readonly string[],
): boolean {
  const known = [contexts.address, ...(packages === undefined ? [] : [packages.address])]
  return known.every((address) => addresses.includes(address))
}
