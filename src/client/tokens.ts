/** Where a client keeps its tokens, and how it gets the next ones. */
import { ClientError } from './errors.ts'

/** What signing in gives. */
export interface Tokens {
  /** Sent with every request. */
  readonly accessToken: string
  /** Good for one refresh. */
  readonly refreshToken: string
}

/** Where tokens are kept. Several clients may share one. */
export interface TokenStore {
  load(): Tokens | undefined | Promise<Tokens | undefined>
  /** Undefined: there are none any more. Tokens are used only once this has resolved. */
  save(tokens: Tokens | undefined): void | Promise<void>
  /**
   * Runs while nobody else who shares the store does the same: a refresh token that comes twice ends its session. For stores that several processes
   * or pages share. @default nothing is waited for
   */
  exclusive?<T>(run: () => Promise<T>): Promise<T>
}

/** Tokens that live as long as the object. */
export function memoryTokens(tokens?: Tokens): TokenStore {
  let kept = tokens
  return {
    load: () => kept,
    save: (next) => {
      kept = next
    },
  }
}

/** The token that requests carry. */
export interface Bearer {
  current(): Promise<string | undefined>
  /**
   * The token after one that the node calls expired: refreshed once for all who ask meanwhile. Undefined when there is nothing to refresh with.
   * @throws CLIENT_NOT_SIGNED_IN (unauthenticated) the session is over, and the tokens are gone; CLIENT_* else, and they are kept
   */
  renewed(expired: string): Promise<string | undefined>
}

/** One token that nobody refreshes. */
export function fixedToken(token: string): Bearer {
  return { current: async () => token, renewed: async () => undefined }
}

/** Tokens of a store. `refresh` asks the node for the next ones. */
export function storedTokens(
  store: TokenStore,
  refresh: (tokens: Tokens) => Promise<Tokens>,
): Bearer {
  let running: Promise<string | undefined> | undefined
  const renew = async (expired: string): Promise<string | undefined> => {
    const kept = await store.load()
    // signed out, or somebody else was faster
    if (kept?.accessToken !== expired) return kept?.accessToken
    try {
      const next = await refresh(kept)
      await store.save(next)
      return next.accessToken
    } catch (error) {
      if (isOver(error)) await store.save(undefined)
      throw error
    }
  }
  const exclusive = <T>(run: () => Promise<T>): Promise<T> => store.exclusive?.(run) ?? run()
  return {
    current: async () => (await store.load())?.accessToken,
    renewed(expired) {
      running ??= exclusive(() => renew(expired)).finally(() => {
        running = undefined
      })
      return running
    },
  }
}

/** Whether a refused refresh says that no other would be taken either. */
function isOver(error: unknown): boolean {
  if (!(error instanceof ClientError)) return false
  return error.code === 'CLIENT_NOT_SIGNED_IN' && error.details.authError !== undefined
}
