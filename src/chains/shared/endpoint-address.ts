/** The address of an endpoint: what is asked, what may be told of it, and what must never be. */

import { hiddenLabels, shownAddress } from '../../node/primitives/shown-address.ts'

/** Shorter parts of an address are words such as `v3`, and no secrets. */
const MIN_SECRET_CHARS = 6
/** Characters of somebody else's words that are told on. */
const MAX_TEXT_CHARS = 200

export interface EndpointAddress {
  /** Without what may be a key, for messages. */
  readonly name: string
  /** What is asked; no user and password, which `fetch` refuses there. */
  readonly url: string
  /** User and password, if there are any. */
  readonly headers: Readonly<Record<string, string>>
  /** Another's words without anything that is secret in this address, and not too many of them. */
  redact(text: string): string
}

/** Takes an address apart. @throws TypeError when it is none; it does not repeat it */
export function endpointAddress(text: string): EndpointAddress {
  if (!URL.canParse(text))
    throw new TypeError('expected the URL of an endpoint, got something else')
  const url = new URL(text)
  const name = shownAddress(text)
  const hosts = hiddenLabels(text)
  const user = decodeURIComponent(url.username)
  const password = decodeURIComponent(url.password)
  const parts = [user, password, ...url.pathname.split('/'), ...url.searchParams.values()]
  // as it was written, and as it is meant
  const secrets = [...parts, ...parts.map(encodeURIComponent), url.search.slice(1)]
    .filter(({ length }) => length >= MIN_SECRET_CHARS)
    // as a name of a host is looked up
    .concat(hosts.map((label) => `${label}.`))
    .sort((a, b) => b.length - a.length)
  url.username = ''
  url.password = ''
  const basic = Buffer.from(`${user}:${password}`).toString('base64')
  return {
    name,
    url: url.href,
    headers: user === '' && password === '' ? {} : { authorization: `Basic ${basic}` },
    redact(words) {
      let clean = words
      for (const secret of secrets) clean = clean.replaceAll(secret, '…')
      return clean.slice(0, MAX_TEXT_CHARS)
    },
  }
}

/** Whether an address is of this machine: such a chain has a clock of its own, and is asked more often. */
export function isOnThisMachine(url: string): boolean {
  return /^(?:(?:.*\.)?localhost|127(?:\.\d+){3}|\[::1\])$/.test(new URL(url).hostname)
}
