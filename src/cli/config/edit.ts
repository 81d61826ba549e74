/** Changing `config.toml`, for `merogate node init` and `merogate node config KEY=VALUE`. */
import { mkdir } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { configError } from './errors.ts'
import { nest, overlay, type Table } from './layers.ts'
import { configPath, readUserConfig } from './load.ts'
import { writePrivate } from './private-file.ts'
import { findOption, resolveConfig, type UserConfig } from './schema.ts'
import { formatToml } from './toml.ts'
import { parseAssigned } from './values.ts'

/**
 * Replaces the file of a node: all or nothing, readable by its owner only. @returns its path
 * @throws CONFIG_KEY_UNKNOWN, CONFIG_INVALID, CONFIG_UNREADABLE (input)
 */
export async function writeConfig(home: string, user: UserConfig): Promise<string> {
  return write(home, { ...user })
}

/**
 * Applies assignments such as `swarm.listen=["/ip4/0.0.0.0/tcp/2428"]` to the file of a node. The whole file is checked before
 * anything is written. Comments in it are not kept. @returns its path
 * @throws CONFIG_SYNTAX, CONFIG_KEY_UNKNOWN, CONFIG_INVALID, CONFIG_UNREADABLE (input)
 */
export async function setConfig(home: string, assignments: readonly string[]): Promise<string> {
  const before = await readUserConfig(configPath(home))
  return write(
    home,
    assignments.reduce((table, text) => overlay(table, parseAssignment(text)), before),
  )
}

function parseAssignment(text: string): Table {
  const at = text.indexOf('=')
  if (at < 1) {
    throw configError('CONFIG_SYNTAX', 'expected KEY=VALUE, got no key or no equals sign')
  }
  const key = text.slice(0, at).trim()
  const option = findOption(key)
  if (option === undefined) {
    throw configError('CONFIG_KEY_UNKNOWN', `${key} is not a setting`, {
      key,
      origin: 'an assignment',
    })
  }
  return nest(key, parseAssigned(option, key, text.slice(at + 1).trim()))
}

async function write(home: string, table: Table): Promise<string> {
  const path = configPath(home)
  resolveConfig(table, resolve(home), () => path)
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await writePrivate(path, formatToml(table))
  } catch (cause) {
    throw configError('CONFIG_UNREADABLE', `cannot write ${path}`, { path }, { cause })
  }
  return path
}
