/** Tokens on disk: a file per node below the home, for its owner alone. */
import { createHash } from 'node:crypto'
import { mkdir, open, readFile, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Tokens, TokenStore } from '../../client/index.ts'
import { systemClock } from '../../node/primitives/clock.ts'
import { cliError } from '../errors.ts'
import { writePrivate } from '../config/private-file.ts'

/** Folder below the home; no node is called so. */
const FOLDER = '.tokens'
/** How long a process may refresh before others take it for dead, and how often they look, ms. */
const LOCK_MS = 60_000
/** How often they look, ms. */
const LOOK_MS = 50

export interface TokenFile extends TokenStore {
  readonly path: string
  exclusive<T>(run: () => Promise<T>): Promise<T>
}

/** Tokens of the node at an address. @throws CLI_FILE (input) when the file cannot be read or written */
export function tokenFile(home: string, url: string): TokenFile {
  const name = createHash('sha256').update(url).digest('hex').slice(0, 32)
  const path = join(home, FOLDER, `${name}.json`)
  return {
    path,
    load: () => load(path),
    save: (tokens) => (tokens === undefined ? rm(path, { force: true }) : save(path, url, tokens)),
    async exclusive(run) {
      const lock = `${path}.lock`
      await take(lock)
      try {
        return await run()
      } finally {
        await rm(lock, { force: true })
      }
    },
  }
}

async function load(path: string): Promise<Tokens | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined
    throw cliError('CLI_FILE', `cannot read ${path}`, { file: path }, { cause })
  }
  const tokens = parse(text)
  if (tokens !== undefined) return tokens
  throw cliError('CLI_FILE', `${path} has no tokens in it: remove it`, { file: path })
}

function parse(text: string): Tokens | undefined {
  try {
    const { accessToken, refreshToken } = JSON.parse(text) as Record<string, unknown> // each is checked
    const isPair = typeof accessToken === 'string' && typeof refreshToken === 'string'
    return isPair ? { accessToken, refreshToken } : undefined
  } catch {
    return undefined
  }
}

/** All or nothing: whoever reads meanwhile sees the tokens before or after. */
async function save(path: string, url: string, tokens: Tokens): Promise<void> {
  const { accessToken, refreshToken } = tokens
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    // on the disk, for the token before it is used up by now
    await writePrivate(path, `${JSON.stringify({ url, accessToken, refreshToken }, null, 2)}\n`)
  } catch (cause) {
    throw cliError('CLI_FILE', `cannot write ${path}`, { file: path }, { cause })
  }
}

/** Waits until nobody else has the lock. One whose process died is taken away. */
async function take(lock: string): Promise<void> {
  for (let waitedMs = 0; waitedMs < 2 * LOCK_MS; waitedMs += LOOK_MS) {
    try {
      await (await open(lock, 'wx', 0o600)).close()
      return
    } catch (cause) {
      if (codeOf(cause) !== 'EEXIST') {
        throw cliError('CLI_FILE', `cannot write ${lock}`, { file: lock }, { cause })
      }
    }
    const found = await stat(lock).catch(() => undefined)
    const ageMs = found === undefined ? 0 : systemClock.nowMs() - found.mtimeMs
    if (ageMs > LOCK_MS) await rm(lock, { force: true })
    else await sleep(LOOK_MS)
  }
  throw cliError('CLI_FILE', `another process holds ${lock}: remove it if there is none`, {
    file: lock,
  })
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
