/**
 * The token of whoever operates the machine. The node writes it into its folder, for its owner alone to read, and keeps it fresh: commands of the same
 * machine are signed in by being able to read that file. It is taken back when the node stops; after a crash it expires like any other. When its session is
 * ended there is a new one at once, for whoever reads the folder operates the machine still; when its key is revoked there is none until the node starts anew.
 */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Auth, TokenPair } from '../auth/index.ts'
import { isMerogateError } from '../node/errors.ts'
import type { Clock, Timer } from '../node/primitives/clock.ts'
import type { Logger } from '../node/primitives/logger.ts'
import { writePrivate } from './config/private-file.ts'

/** Name of the file in the node's folder: an access token and nothing else. */
const TOKEN_FILE = 'operator.token'

/** What the key is called in the list of keys. */
const KEY_NAME = 'commands of this machine'

/** When a token could not be renewed it is tried again after this long, ms. */
const RETRY_MS = 5_000

/** What a token is refused with that is worth nothing any more. */
const OVER: ReadonlySet<string> = new Set([
  'AUTH_TOKEN_EXPIRED',
  'AUTH_TOKEN_INVALID',
  'AUTH_TOKEN_REUSED',
  'AUTH_TOKEN_REVOKED',
])

export interface OperatorToken {
  start(): Promise<void>
  stop(): Promise<void>
}

export interface OperatorTokenComponents {
  /** Folder of the node. */
  readonly home: string
  readonly clock: Clock
  readonly logger: Logger
}

export function operatorToken(
  auth: Auth,
  { home, clock, logger }: OperatorTokenComponents,
): OperatorToken {
  const path = join(home, TOKEN_FILE)
  let timer: Timer | undefined
  let renewing: Promise<void> = Promise.resolve()
  let pair: TokenPair | undefined
  let off = (): void => {}
  const write = async (next: TokenPair): Promise<void> => {
    pair = next
    await writePrivate(path, `${next.accessToken}\n`)
    again(Math.max(RETRY_MS, (next.expiresAtMs - clock.nowMs()) / 2), renew)
  }
  const again = (ms: number, work: () => Promise<void>): void => {
    timer?.cancel()
    timer = clock.after(ms, () => inTurn(work))
  }
  /** Never rejects; what failed is tried again. */
  const inTurn = (work: () => Promise<void>): void => {
    renewing = renewing.then(work).catch((error: unknown) => {
      logger.warn({ err: error }, 'the token of this machine’s commands could not be renewed')
      again(RETRY_MS, renew)
    })
  }
  // not minted anew, which would end what runs with the one before
  const renew = async (): Promise<void> => {
    if (pair === undefined) return
    const { refreshToken } = pair
    try {
      await write(await auth.refresh({ refreshToken }, { early: true }))
    } catch (error) {
      if (!isOver(error)) throw error
      await replace(pair)
    }
  }
  const check = async (): Promise<void> => {
    if (pair === undefined) return
    try {
      await auth.verify(pair.accessToken)
    } catch (error) {
      if (!isOver(error)) throw error
      await replace(pair)
    }
  }
  /** The session is over. */
  const replace = async ({ keyId }: TokenPair): Promise<void> => {
    const key = (await auth.keys.list()).find(({ id }) => id === keyId)
    if (key?.revokedAtMs === undefined) {
      await write(await mint())
      logger.info({ keyId }, 'commands of this machine have a new token: the session was ended')
      return
    }
    pair = undefined
    timer?.cancel()
    await rm(path, { force: true })
    const message =
      'the key of this machine’s commands was revoked: sign in with `merogate login`, or start the node anew'
    logger.warn({ keyId }, message)
  }
  const mint = (): Promise<TokenPair> => auth.mint({ name: KEY_NAME, permissions: ['admin'] })
  return {
    async start() {
      await write(await mint())
      off = auth.onRevoked((keyId) => {
        if (keyId === pair?.keyId) inTurn(check)
      })
    },
    async stop() {
      off()
      timer?.cancel()
      await renewing
      timer?.cancel()
      if (pair === undefined) return
      await rm(path, { force: true })
      try {
        await auth.signOut(await auth.verify(pair.accessToken))
      } catch (error) {
        // expired while the machine slept, or revoked; what the disk keeps us from taking back expires. The node stops all the same
        logger.debug({ err: error }, 'the token of this machine’s commands was not taken back')
      }
      pair = undefined
    },
  }
}

/** Whether an error says that a token will not be good again. */
function isOver(error: unknown): boolean {
  return isMerogateError(error) && OVER.has(error.code)
}

/** The token that the node of a folder wrote; undefined when there is none, or it is somebody else's. */
export async function readOperatorToken(home: string): Promise<string | undefined> {
  try {
    return (await readFile(join(home, TOKEN_FILE), 'utf8')).trim()
  } catch {
    return undefined // then the node says that a token is missing, if it wants one
  }
}
