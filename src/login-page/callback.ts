/** Where the page may return to, and with what. */

/** An address to return to, or why it is none. */
export type Callback = { readonly url: URL } | { readonly refusal: string }

/**
 * Tokens go to pages of this machine and to origins that the node allows; nowhere else, however nicely somebody asks.
 * @param allowed origins as in `https://app.example`
 */
export function callbackOf(text: string, allowed: readonly string[]): Callback {
  const url = URL.parse(text)
  if (url === null) return { refusal: 'The address to return to is not one.' }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    return { refusal: 'The address to return to is not one of the web (http or https).' }
  }
  if (url.username !== '' || url.password !== '') {
    return { refusal: 'The address to return to holds a user name or password.' }
  }
  if (isThisMachine(url.hostname) || allowed.includes(url.origin)) return { url }
  return {
    refusal: `This node does not let ${url.host} sign people in. Whoever runs the node can allow it: server.allowed_origins.`,
  }
}

/** Names and addresses that never lead to another machine (RFC 6761 6.3, RFC 1122 3.2.1.3, RFC 4291 2.5.3). */
function isThisMachine(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127(?:\.\d{1,3}){3}$/.test(hostname)
  )
}

/** The address with values in its fragment, which no server gets to see. What the fragment held before is gone. */
export function returnUrl(
  { href }: URL,
  values: Readonly<Record<string, string | undefined>>,
): string {
  const url = new URL(href)
  const fragment = new URLSearchParams()
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) fragment.set(name, value)
  }
  url.hash = fragment.toString()
  return url.href
}
