/** Values of options that several commands have. */
import { resolve } from 'node:path'
import { parseJson } from '../client/json.ts'
import type { SecretReference } from '../node/secret.ts'
import { cliError } from './errors.ts'

/** JSON of an argument, integers beyond 2^53 as `bigint`. @throws CLI_USAGE */
export function jsonArgument(name: string, text: string): unknown {
  try {
    return parseJson(text)
  } catch (cause) {
    const message = `expected ${name} to be JSON, got ${JSON.stringify(text.slice(0, 80))}`
    throw cliError('CLI_USAGE', message, {}, { cause })
  }
}

/** A whole number of an argument. @throws CLI_USAGE */
export function integerArgument(name: string, text: string, max: number): number {
  const value = Number(text)
  if (/^\d{1,15}$/.test(text) && value <= max) return value
  const message = `expected ${name} to be a whole number up to ${max}, got ${JSON.stringify(text)}`
  throw cliError('CLI_USAGE', message)
}

/** Where a secret is; undefined when nothing is said. */
export function secretReference(
  file: string | undefined,
  env: string | undefined,
): SecretReference | undefined {
  if (file !== undefined) return { file: resolve(file) }
  return env === undefined ? undefined : { env }
}

/** Endpoints of a chain. @throws CLI_USAGE */
export function rpcUrlsArgument(urls: readonly string[]): readonly string[] {
  for (const url of urls) {
    if (!isHttpUrl(url)) {
      throw cliError('CLI_USAGE', 'expected --rpc-url to be an http or https address')
    }
  }
  return urls
}

/** Whether a text is an http address. */
export function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
}
