/** Tokens of this tab: kept over a reload, and taken from the address when the node's login page returns here. */
import type { Tokens, TokenStore } from 'merogate-client'

const NAME = 'tokens'

/** Where a client keeps its tokens. */
export const tokens: TokenStore = {
  load() {
    const text = sessionStorage.getItem(NAME)
    return text === null ? undefined : (JSON.parse(text) as Tokens)
  },
  save(next) {
    if (next === undefined) sessionStorage.removeItem(NAME)
    else sessionStorage.setItem(NAME, JSON.stringify(next))
  },
}

/** After the login page: its answer is in the fragment, which is taken out of the address. */
export async function takeTokens(): Promise<void> {
  const answer = new URLSearchParams(location.hash.slice(1))
  const accessToken = answer.get('access_token')
  const refreshToken = answer.get('refresh_token')
  if (accessToken === null || refreshToken === null) return
  history.replaceState(null, '', location.pathname + location.search)
  await tokens.save({ accessToken, refreshToken })
}

/** Leaves for the login page of a node. */
export function signIn(node: string): void {
  const here = location.origin + location.pathname + location.search
  const query = new URLSearchParams({ mode: 'multi-context', 'callback-url': here })
  location.assign(`${node}/auth/login?${query.toString()}`)
}
