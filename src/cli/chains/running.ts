/** Chains that run on this machine for a while, one or several at once: for `merogate dev`, the demo and tests. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { SecretReference } from '../../node/secret.ts'
import type { Chain, LocalChain } from './chain.ts'
import { chainNamed, CHAINS, hasContracts } from './chains.ts'

/** What `--chain` says for every chain whose contracts decide. */
export const ALL = 'all'

/** Chains by what `--chain` says. @throws CLI_ANCHOR_UNKNOWN (input) */
export function chainsNamed(name: string): readonly Chain[] {
  return name === ALL ? CHAINS.filter(hasContracts) : [chainNamed(name)]
}

/** A chain that runs, and its name. */
export interface RunningChain {
  readonly name: string
  readonly chain: LocalChain
}

/** Starts chains, all at once. @param folder for their files; of several, each has one of its own below it */
export async function startChains(
  chains: readonly Chain[],
  folder: string,
  cleanup: AsyncDisposableStack,
): Promise<readonly RunningChain[]> {
  const starting = chains.map(async ({ name, tools }) => {
    const own = chains.length === 1 ? folder : join(folder, name)
    await mkdir(own, { recursive: true })
    return { name, chain: cleanup.use(await (await tools()).start(own)) }
  })
  return allOf(starting)
}

/** Where a node finds the key of its account on a chain. @param key private; of the account that is for this node */
export type KeyPlace = (chain: string, key: string) => SecretReference | Promise<SecretReference>

/** Settings as KEY=VALUE of the node that comes as number `index`. */
export async function settingsOn(
  running: readonly RunningChain[],
  index: number,
  keyPlace: KeyPlace,
): Promise<readonly string[]> {
  const settings = running.map(async ({ name, chain }) => {
    const key = chain.key?.(index)
    // where nobody pays, none is asked for
    return chain.settings(key === undefined ? { env: '' } : await keyPlace(name, key))
  })
  return (await Promise.all(settings)).flat()
}

/** Waits until all have ended, so that none is left running when the first failure is told. */
export async function allOf<T>(work: readonly Promise<T>[]): Promise<readonly T[]> {
  const results = await Promise.allSettled(work)
  return results.map((result) => {
    if (result.status === 'fulfilled') return result.value
    throw result.reason
  })
}
