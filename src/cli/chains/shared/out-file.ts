/** The deployment file a command is about to write: looked at before anything is sent, so that nothing of value is lost or unsaved. */
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { dirname } from 'node:path'
import {
  type ChainDeployment,
  formatDeployment,
  mergeDeployment,
} from '../../../chains/shared/deployment.ts'
import { isMerogateError, type MerogateError } from '../../../node/errors.ts'
import { cliError } from '../../errors.ts'
import type { OutFile } from '../chain.ts'

/** What a chain knows of its deployment files. */
export interface OutFileInit<D extends ChainDeployment> {
  read(path: string): Promise<D>
  write(path: string, deployment: D): Promise<void>
  /** Whether a file that is there has what is about to be written, or may be replaced by it. */
  isRight(before: D): boolean
  /** Whether two have the same contracts. */
  isSame(one: D, other: D): boolean
  /** Name of a file's network, for messages. */
  nameOf(deployment: D): string
  /** Replace whatever is there. @default false */
  readonly force?: boolean | undefined
}

/** @throws CLI_FILE (input) when it cannot be written, or holds something else */
export async function openOutFile<D extends ChainDeployment>(
  path: string,
  init: OutFileInit<D>,
): Promise<OutFile> {
  await assertWritable(path)
  const before = init.force === true ? undefined : await readBefore(path, init)
  if (before !== undefined && !init.isRight(before)) {
    throw otherContents(path, `has the contracts of ${init.nameOf(before)}`)
  }
  return {
    path,
    async write(deployment: D) {
      const isKnown = before !== undefined && init.isSame(before, deployment)
      const merged = isKnown ? mergeDeployment(before, deployment) : deployment
      if (isKnown && formatDeployment(before) === formatDeployment(merged)) return false
      await init.write(path, merged)
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

async function readBefore<D extends ChainDeployment>(
  path: string,
  { read }: OutFileInit<D>,
): Promise<D | undefined> {
  try {
    await access(path)
  } catch {
    return undefined // the usual case: it is not there
  }
  try {
    return await read(path)
  } catch (cause) {
    if (!isMerogateError(cause, 'CHAIN_DEPLOYMENT')) throw cause
    throw otherContents(path, 'is no deployment file', cause)
  }
}

function otherContents(path: string, what: string, cause?: unknown): MerogateError {
  const message = `${path} ${what}, other than those that are to be written: name another file with --out, or move this one away`
  return cliError('CLI_FILE', message, { path }, { cause })
}
