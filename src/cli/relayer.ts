/** The relayer of a node, from its configuration: which chains it pays on, from which account, for whom. */
import type { Config } from './config/schema.ts'
import type { Metrics } from '../node/metrics.ts'
import { isMerogateError } from '../node/errors.ts'
import { systemClock } from '../node/primitives/clock.ts'
import type { Logger } from '../node/primitives/logger.ts'
import { own, type Owned } from '../node/store/owner.ts'
import { readApiKeys, relayer } from '../server/index.ts'
import type { RelayCarrier, Relayer } from '../server/index.ts'
import { secretReference } from './arguments.ts'
import { CHAINS } from './chains/chains.ts'

/** A relayer, and what it has to itself while it runs. */
export interface OpenedRelayer {
  readonly relayer: Relayer
  stop(): Promise<void>
}

/**
 * Undefined when the relayer is off.
 * @throws STORE_LOCKED (conflict): another process pays from the same key file; CLI_RELAYER_CHAIN, RELAYER_CONFIG, CHAIN_KEY, CHAIN_DEPLOYMENT (input)
 */
export async function openRelayer(
  config: Config,
  components: { readonly logger: Logger; readonly metrics: Metrics },
): Promise<OpenedRelayer | undefined> {
  const { relayer: settings } = config
  if (!settings.enabled) return undefined
  const { operations, maxUnderWay, apiKeysFile, apiKeysEnv } = settings
  const apiKeys = secretReference(apiKeysFile, apiKeysEnv)
  const owned = await ownKeys(config, components.logger)
  const release = async (): Promise<void> => {
    for (const { release: give } of owned) await give()
  }
  try {
    const init = {
      apiKeys: apiKeys && (await readApiKeys(apiKeys)),
      isOpen: settings.open,
      quotas: settings,
      carriers: await openCarriers(config, components.logger),
    }
    const opened = relayer({ ...init, operations, maxUnderWay })({
      ...components,
      clock: systemClock,
    })
    return {
      relayer: opened,
      async stop() {
        await opened.stop()
        await release()
      },
    }
  } catch (error) {
    await release()
    throw error
  }
}

/** Takes the files of the keys that pay: two processes would use the same nonces, and neither knew what the other spends. */
async function ownKeys(config: Config, logger: Logger): Promise<readonly Owned[]> {
  const owned: Owned[] = []
  try {
    for (const { name } of CHAINS) {
      const { keyFile } = (config.relayer[name] ?? {}) as { readonly keyFile?: string } // the chain's own settings made it
      if (keyFile === undefined) continue
      try {
        owned.push(await own(keyFile))
      } catch (error) {
        if (!isMerogateError(error, 'STORE_FAILED')) throw error
        const message =
          'nothing can be written beside the key that pays: see that no other process uses it'
        logger.warn({ err: error, chain: name }, message)
      }
    }
    return owned
  } catch (error) {
    for (const { release } of owned) await release()
    throw error
  }
}

/** One for each chain that the configuration names an account on. */
async function openCarriers(config: Config, logger: Logger): Promise<RelayCarrier[]> {
  const carriers: RelayCarrier[] = []
  try {
    for (const { name, tools } of CHAINS) {
      const payer = config.relayer[name] as object | undefined // the chain's own settings made it
      if (payer === undefined) continue
      const { openCarrier } = await tools()
      const carrier = await openCarrier?.({ payer, entry: config.anchor[name], logger })
      if (carrier !== undefined) carriers.push(carrier)
    }
    return carriers
  } catch (error) {
    for (const carrier of carriers) carrier.stop()
    throw error
  }
}
