/**
 * Internet Identity: a window of the identity provider, which delegates to a key that this page makes for one sign-in.
 * @see https://github.com/dfinity/internet-identity/blob/main/docs/ii-spec.md
 */
import { principalOf } from './principal.ts'
import {
  isRecord,
  type Proof,
  type GetChallenge,
  type Search,
  Shown,
  stringOf,
  textOf,
  toHex,
  walletError,
} from './wallet.ts'

const NAME = 'Internet Identity'
/** Life of the delegation: as long as a sign-in may take, ns. */
const DELEGATION_NS = 600_000_000_000n
/** How often it is looked whether the window is still there, ms. */
const WATCH_MS = 500
const WINDOW = 'popup,width=525,height=705'
const KEY = { name: 'ECDSA', namedCurve: 'P-256' }
/** What session keys sign in front of the text, so that it is never a request to the Internet Computer. */
const TAG = '\u000ecalimero-login'

export const findInternetIdentity: Search = ({ name: method, config }, found) => {
  const provider = URL.parse(stringOf(config['identityProvider']) ?? '')
  if (provider !== null) {
    found({ id: 'icp', name: NAME, method, sign: (challenge) => sign(provider, challenge) })
  }
  return () => {}
}

async function sign(provider: URL, getChallenge: GetChallenge): Promise<Proof> {
  // at once, as long as the browser knows of the click
  const opened = window.open(new URL('#authorize', provider), 'merogate-identity', WINDOW)
  if (opened === null) throw new Shown(`The browser did not let the window of ${NAME} open.`)
  try {
    // absent where the page came over plain http from another machine
    if (Reflect.get(crypto, 'subtle') === undefined) throw new Shown(`${NAME} needs https.`)
    const keys = await crypto.subtle.generateKey(KEY, false, ['sign', 'verify'])
    const der = new Uint8Array(await crypto.subtle.exportKey('spki', keys.publicKey))
    const chain = await authorized(opened, provider.origin, der)
    const principal = principalOf(chain.key)
    const message = textOf(await getChallenge({ address: principal }))
    const bytes = new TextEncoder().encode(`${TAG}${message}`)
    const algorithm = { name: 'ECDSA', hash: 'SHA-256' }
    const signature = await crypto.subtle.sign(algorithm, keys.privateKey, bytes)
    return {
      publicKey: principal,
      data: {
        message,
        signature: toHex(new Uint8Array(signature)),
        session_key: toHex(der),
        delegation_chain: chain.json,
      },
    }
  } catch (error) {
    throw walletError(NAME, error)
  } finally {
    opened.close()
  }
}

interface Chain {
  /** DER of the key that the chain begins with. */
  readonly key: Uint8Array
  readonly json: unknown
}

/** Waits for the window to be ready, asks, and waits for the answer. */
function authorized(opened: Window, origin: string, sessionPublicKey: Uint8Array): Promise<Chain> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      clearInterval(watch)
      window.removeEventListener('message', listen)
      settle()
    }
    const listen = (event: MessageEvent<unknown>): void => {
      if (event.origin !== origin || event.source !== opened || !isRecord(event.data)) return
      switch (event.data['kind']) {
        case 'authorize-ready': {
          const request = {
            kind: 'authorize-client',
            sessionPublicKey,
            maxTimeToLive: DELEGATION_NS,
          }
          opened.postMessage(request, origin)
          return
        }
        case 'authorize-client-success': {
          const chain = chainOf(event.data)
          end(() =>
            chain === undefined ? reject(new Shown(`${NAME} sent no delegation.`)) : resolve(chain),
          )
          return
        }
        case 'authorize-client-failure': {
          const { text } = event.data
          end(() => reject(walletError(NAME, text)))
          return
        }
        default:
      }
    }
    const watch = setInterval(() => {
      if (opened.closed) end(() => reject(new Shown(`The window of ${NAME} was closed.`)))
    }, WATCH_MS)
    window.addEventListener('message', listen)
  })
}

/** The answer as `DelegationChain.toJSON` writes it. */
function chainOf({
  userPublicKey,
  delegations,
}: Readonly<Record<string, unknown>>): Chain | undefined {
  const key = bytesOf(userPublicKey)
  if (key === undefined || !Array.isArray(delegations)) return undefined
  const links = (delegations as readonly unknown[]).map(linkOf)
  return links.includes(undefined)
    ? undefined
    : { key, json: { delegations: links, publicKey: toHex(key) } }
}

function linkOf(value: unknown): unknown {
  const { delegation, signature } = isRecord(value) ? value : {}
  const { pubkey, expiration, targets } = isRecord(delegation) ? delegation : {}
  const [key, signed] = [bytesOf(pubkey), bytesOf(signature)]
  if (key === undefined || signed === undefined || typeof expiration !== 'bigint') return undefined
  return {
    delegation: {
      expiration: expiration.toString(16),
      pubkey: toHex(key),
      // the node takes none with targets, and says so
      ...(Array.isArray(targets) ? { targets: targets.map(String) } : {}),
    },
    signature: toHex(signed),
  }
}

function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value
  return value instanceof ArrayBuffer ? new Uint8Array(value) : undefined
}
