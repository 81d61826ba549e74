/** Names of accounts. */

const NAME = /^(?:(?:[a-z\d]+[-_])*[a-z\d]+\.)*(?:[a-z\d]+[-_])*[a-z\d]+$/
const IMPLICIT = /^[0-9a-f]{64}$/
const ETH_IMPLICIT = /^0x[0-9a-f]{40}$/
const DETERMINISTIC = /^0s[0-9a-f]{40}$/

/** 2 to 64 characters, in parts as of domain names. */
export function isAccountId(id: string): boolean {
  return id.length >= 2 && id.length <= 64 && NAME.test(id)
}

/** An account that a transfer creates: the hexadecimal text of an ed25519 key. */
export function isImplicit(id: string): boolean {
  return IMPLICIT.test(id)
}

/** Names that nobody creates by hand. */
export function isReserved(id: string): boolean {
  return isImplicit(id) || ETH_IMPLICIT.test(id) || DETERMINISTIC.test(id)
}

/** Whether `id` is one part longer than `parent`. */
export function isSubAccount(id: string, parent: string): boolean {
  return id.slice(id.indexOf('.') + 1) === parent && id.includes('.')
}
