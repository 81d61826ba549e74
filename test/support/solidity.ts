/** Compiles one of the repository's own Solidity files, with the compiler of the npm package `solc`: for contracts that only tests deploy. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { Interface } from 'ethers'

export interface Compiled {
  readonly abi: Interface
  /** Creation code, hexadecimal with 0x. */
  readonly bytecode: string
}

/** The part of the compiler's output that is used here. */
interface Output {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[]
  readonly contracts: Readonly<
    Record<string, Readonly<Record<string, { abi: []; evm: { bytecode: { object: string } } }>>>
  >
}

/** The contracts of a file below `contracts/ethereum`, by name. It imports nothing. */
export function compile(path: string): ReadonlyMap<string, Compiled> {
  const solc = createRequire(import.meta.url)('solc') as { compile(input: string): string }
  const content = readFileSync(join(import.meta.dirname, '../../contracts/ethereum', path), 'utf8')
  const input = {
    language: 'Solidity',
    sources: { [path]: { content } },
    settings: {
      evmVersion: 'cancun',
      outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
    },
  }
  const output = JSON.parse(solc.compile(JSON.stringify(input))) as Output
  const failed = output.errors?.find(({ severity }) => severity === 'error')
  if (failed !== undefined) throw new SyntaxError(failed.formattedMessage)
  return new Map(
    Object.entries(output.contracts[path] ?? {}).map(([name, { abi, evm }]) => [
      name,
      { abi: new Interface(abi), bytecode: `0x${evm.bytecode.object}` },
    ]),
  )
}
