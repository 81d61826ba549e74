/** The part of `merogate node init`, and of the configuration that it writes, that chains have in common. */
import { resolve } from 'node:path'
import type { ChainAnchorInit } from '../../../chains/shared/anchor-init.ts'
import type { KeyReference } from '../../../chains/shared/key-text.ts'
import { rpcUrlsArgument, secretReference } from '../../arguments.ts'
import { cliError } from '../../errors.ts'
import type { ChainEntry, ChainUser, PayerEntry } from './settings.ts'

export interface CommonInitOptions {
  readonly rpcUrl?: string[]
  readonly deployment?: string
  readonly keyFile?: string
  readonly keyEnv?: string
}

/** What the configuration says of a chain. @param read reads the deployment file @throws CLI_USAGE; CHAIN_DEPLOYMENT (input) when the file cannot be used */
export async function commonSettings(
  chain: string,
  { rpcUrl, deployment, keyFile, keyEnv }: CommonInitOptions,
  read: (path: string) => Promise<unknown>,
): Promise<ChainUser> {
  if (rpcUrl === undefined || deployment === undefined) {
    throw cliError('CLI_USAGE', `expected --rpc-url and --deployment for --chain ${chain}`)
  }
  await read(deployment)
  return {
    rpc_urls: [...rpcUrlsArgument(rpcUrl)],
    deployment: resolve(deployment),
    ...(keyFile === undefined ? {} : { key_file: resolve(keyFile) }),
    ...(keyEnv === undefined ? {} : { key_env: keyEnv }),
  }
}

/** What an anchor is built from, as the configuration says it. @throws CHAIN_DEPLOYMENT (input) */
export async function commonInit<D>(
  { rpcUrls, deployment, keyFile, keyEnv, relayerUrl: url, relayerKeyEnv }: ChainEntry,
  read: (path: string) => Promise<D>,
): Promise<ChainAnchorInit & { readonly deployment: D; readonly key: KeyReference | undefined }> {
  return {
    rpcUrls,
    deployment: await read(deployment),
    key: secretReference(keyFile, keyEnv),
    relayer:
      url === undefined ? undefined : { url, apiKey: secretReference(undefined, relayerKeyEnv) },
  }
}

/** What a relayer pays with, and where. */
export interface Relaying<E> {
  readonly key: KeyReference
  readonly entry: E
  /** Most of a day, in the unit of its chain. */
  readonly perDay: bigint | undefined
}

/** @throws CLI_RELAYER_CHAIN (input) when the configuration does not say where */
export function relayingOf<E>(
  chain: string,
  { payer, entry }: { readonly payer: PayerEntry; readonly entry: E | undefined },
): Relaying<E> {
  const key = secretReference(payer.keyFile, payer.keyEnv)
  if (key === undefined || entry === undefined) {
    const message = `the relayer pays on the chain of anchor.${chain}: expected its rpc_urls and deployment`
    throw cliError('CLI_RELAYER_CHAIN', message)
  }
  return { key, entry, perDay: payer.perDay === undefined ? undefined : BigInt(payer.perDay) }
}
