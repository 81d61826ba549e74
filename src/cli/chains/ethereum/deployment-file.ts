/** The deployment file a command is about to write: looked at before anything is sent, so that nothing of value is lost or unsaved. */
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { dirname } from 'node:path'
import {
  type Deployment,
  isSameDeployment,
  readDeployment,
  writeDeployment,
} from '../../../chains/ethereum/deploy/deployment.ts'
import { formatDeployment, mergeDeployment } from '../../../chains/shared/deployment.ts'
import { networkName } from '../../../chains/ethereum/constants.ts'
import { planDeployment } from '../../../chains/ethereum/deploy/plan.ts'
import { isMerogateError, type MerogateError } from '../../../node/errors.ts'
import { cliError } from '../../errors.ts'
import type { OutFile } from '../chain.ts'

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
  { force = false, anyContracts = false, predecessor }: OutFileOptions = {},
): Promise<OutFile> {
  await assertWritable(path)
  const before = force ? undefined : await readBefore(path)
  const isRight = (found: Deployment): boolean =>
    found.chainId === chainId && (anyContracts || hasPlannedContracts(found, predecessor))
  if (before !== undefined && !isRight(before)) {
    throw otherContents(path, `has the contracts of ${networkName(before.chainId)}`)
  }
  return {
    path,
    async write(deployment: Deployment) {
      const isKnown = before !== undefined && isSameDeployment(before, deployment)
      const merged = isKnown ? mergeDeployment(before, deployment) : deployment
      if (isKnown && formatDeployment(before) === formatDeployment(merged)) return false
      await writeDeployment(path, merged)
      return true
    },
  }
}

async function assertWritable(path: string): Promise<void> {
  try {
    await access(dirname(path), constants.W_OK)
  } catch (cause) {
    const message = `cannot write ${path}: name another file with --out`
    throw cliError('CLI_FILE', message, { path }, { cause })
  }
}

async function readBefore(path: string): Promise<Deployment | undefined> {
  try {
    await access(path)
  } catch {
    return undefined // the usual case: it is not there
  }
  try {
    return await readDeployment(path)
  } catch (cause) {
    if (!isMerogateError(cause, 'CHAIN_DEPLOYMENT')) throw cause
    throw otherContents(path, 'is no deployment file', cause)
  }
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

function otherContents(path: string, what: string, cause?: unknown): MerogateError {
  const message = `${path} ${what}, other than those that are to be written: name another file with --out, or move this one away`
  return cliError('CLI_FILE', message, { path }, { cause })
}
