/** Changing `config.toml`, for `merogate node init` and `merogate node config KEY=VALUE`. */
import { mkdir } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { configError } from './errors.ts'
import { nest, overlay, type Table } from './layers.ts'
import { configPath, readUserConfig } from './load.ts'
import { writePrivate } from './private-file.ts'
import type { ChainSettings } from './option-group.ts'
import { findOption, resolveConfig, unknownSetting, type UserConfig } from './schema.ts'
import { formatToml } from './toml.ts'
import { parseAssigned } from './values.ts'

/**
 * Replaces the file of a node: all or nothing, readable by its owner only. @returns its path
 * @throws CONFIG_KEY_UNKNOWN, CONFIG_INVALID, CONFIG_UNREADABLE, CLI_ANCHOR_UNKNOWN (input)
 */
export async function writeConfig(
  home: string,
  user: UserConfig,
  chains: readonly ChainSettings[],
): Promise<string> {
  return write(home, { ...user }, chains)
}

/**
 * Applies assignments such as `swarm.listen=["/ip4/0.0.0.0/tcp/2428"]` to the file of a node. The whole file is checked before
 * anything is written. Comments in it are not kept. @returns its path
 * @throws CONFIG_SYNTAX, CONFIG_KEY_UNKNOWN, CONFIG_INVALID, CONFIG_UNREADABLE (input)
 */
export async function setConfig(
  home: string,
  assignments: readonly string[],
  chains: readonly ChainSettings[],
): Promise<string> {
  const before = await readUserConfig(configPath(home))
  return write(
    home,
    assignments.reduce((table, text) => overlay(table, parseAssignment(text, chains)), before),
    chains,
  )
}

function parseAssignment(text: string, chains: readonly ChainSettings[]): Table {
  const at = text.indexOf('=')
  if (at < 1) {
    throw configError('CONFIG_SYNTAX', 'expected KEY=VALUE, got no key or no equals sign')
  }
  const key = text.slice(0, at).trim()
  const option = findOption(key, chains)
  if (option === undefined) {
    throw unknownSetting(key, chains, { key, origin: 'an assignment', text: key })
  }
  return nest(key, parseAssigned(option, key, text.slice(at + 1).trim()))
}

async function write(
  home: string,
  table: Table,
  chains: readonly ChainSettings[],
): Promise<string> {
  const path = configPath(home)
  resolveConfig(table, resolve(home), chains, () => path)
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await writePrivate(path, formatToml(table))
  } catch (cause) {
    throw configError('CONFIG_UNREADABLE', `cannot write ${path}`, { path }, { cause })
  }
  return path
}
