/** What the page knows of a wallet. */
import type { Challenge, ChallengeOptions, Provider } from '../../client/auth.ts'

/** Something the person may click at, and that then signs. */
export interface Wallet {
  /** Unlike that of every other on the page. */
  readonly id: string
  /** As the wallet calls itself: words of a stranger. */
  readonly name: string
  /** A picture as a data URL, undefined when it has none. */
  readonly icon?: string | undefined
  /** `auth_method` of the sign-in. */
  readonly method: string
  /** Called from the click, so that windows may open. @throws {@link Shown} */
  sign(getChallenge: GetChallenge): Promise<Proof>
}

export type GetChallenge = (options: Omit<ChallengeOptions, 'method'>) => Promise<Challenge>

/** `public_key` and `provider_data` of a sign-in. */
export interface Proof {
  readonly publicKey: string
  readonly data: unknown
}

/** Looks for wallets of one kind and tells of each; returns what ends the search. */
export type Search = (provider: Provider, found: (wallet: Wallet) => void) => () => void

/** An error whose message is for the person in front of the page. */
export class Shown extends Error {
  override readonly name = 'Shown'
}

/** The person said no in the wallet: EIP-1193's code, and Freighter's. */
const DECLINED_CODES: ReadonlySet<unknown> = new Set([4001, -4])

/** What a wallet threw or told, in words. */
export function walletError(wallet: string, error: unknown): Shown {
  if (error instanceof Shown) return error
  const { code, message } = isRecord(error) ? error : {}
  if (DECLINED_CODES.has(code))
    return new Shown(`${wallet} did not sign: the request was declined.`)
  const text = typeof message === 'string' ? message : typeof error === 'string' ? error : ''
  return new Shown(`${wallet} did not sign${text === '' ? '' : `: ${text.slice(0, 200)}`}.`)
}

/** @throws {@link Shown} the node's challenge lacks what this wallet signs */
export function textOf({ message }: Challenge): string {
  if (message !== undefined) return message
  throw new Shown('The node did not say what to sign.')
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}

export function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** A name to show: bounded, on one line. */
export function nameOf(value: unknown, otherwise: string): string {
  // what turns the direction of writing would let a name pose as another
  const name = (stringOf(value) ?? '').replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '').trim()
  return name === '' ? otherwise : name.slice(0, 40)
}

/** A picture that needs no request. */
export function iconOf(value: unknown): string | undefined {
  const url = stringOf(value)
  return url !== undefined && /^data:image\/(?:png|svg\+xml|webp|jpeg|gif)[;,]/.test(url)
    ? url
    : undefined
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}

export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
}
