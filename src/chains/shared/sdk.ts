/** Loading of chains' SDKs, which may be left out when the package is installed (`npm install --omit=optional`). */
import { chainError } from './errors.ts'

/** Node's words for a package that is not there: `Cannot find package 'ethers' imported from ...`. */
const MISSING = /^Cannot find package '(@[\w.-]+\/[\w.-]+|[\w.-]+)/

/** Loads what needs an SDK. @throws CHAIN_SDK (missing), with the command that installs it */
export async function withSdk<T>(chain: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    const name = missingPackage(cause)
    if (name === undefined) throw cause
    const message = `${chain} needs the package ${name}, which is not installed: npm install ${name}`
    throw chainError(chain, 'CHAIN_SDK', message, { package: name }, { cause })
  }
}

function missingPackage(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return error.code === 'ERR_MODULE_NOT_FOUND' ? MISSING.exec(error.message)?.[1] : undefined
}
