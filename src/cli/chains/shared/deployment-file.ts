/** The deployment file of contracts that a command is about to write, on any chain. */
import type { ChainDeployment, DeploymentFiles } from '../../../chains/shared/deployment.ts'
import type { OutFile } from '../chain.ts'
import { openOutFile } from './out-file.ts'

/** What is to be written. */
export interface DeploymentFileInit<D extends ChainDeployment> {
  readonly files: DeploymentFiles<D>
  /** By which the chain's files tell networks apart. */
  readonly network: string | number
  /** Addresses that the contracts are to have. @default any */
  readonly addresses?: readonly string[] | undefined
  /** Replace whatever is there. @default false */
  readonly force?: boolean | undefined
  /** Name of a file's network, for messages. @default the one it says */
  readonly nameOf?: ((deployment: D) => string) | undefined
}

/** @throws CLI_FILE (input) when it cannot be written, or holds something else */
export async function openDeploymentFile<D extends ChainDeployment>(
  path: string,
  { files, network, addresses, force, nameOf }: DeploymentFileInit<D>,
): Promise<OutFile> {
  return openOutFile<D>(path, {
    read: (from) => files.read(from),
    write: (to, deployment) => files.write(to, deployment),
    isRight: (found) => files.isOf(found, network, addresses),
    isSame: (one, other) => files.isSame(one, other),
    nameOf: nameOf ?? ((found) => found.network),
    force,
  })
}
