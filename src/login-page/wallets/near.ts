/**
 * NEAR wallets: those that announce themselves as NEAR Connect has it (`near-selector-ready`, `near-wallet-injected`), and those below `window.near`, where
 * NEAR's standard for injected wallets puts them. They sign by NEP-413.
 * @see https://github.com/near/NEPs/blob/master/neps/nep-0413.md
 */
import {
  fromBase64,
  iconOf,
  isRecord,
  nameOf,
  type Search,
  Shown,
  stringOf,
  textOf,
  toBase64,
  type Wallet,
  walletError,
} from './wallet.ts'

interface NearWallet {
  signMessage(params: {
    readonly message: string
    readonly recipient: string
    readonly nonce: Uint8Array
    readonly network: string | undefined
  }): Promise<unknown>
}

export const findNear: Search = ({ name: method }, found) => {
  const seen = new Set<unknown>()
  const add = (value: unknown, name: unknown, icon?: unknown): void => {
    if (!isNearWallet(value) || seen.has(value)) return
    seen.add(value)
    const facts = { id: `near:${seen.size}`, name: nameOf(name, 'NEAR wallet'), icon: iconOf(icon) }
    found(wallet({ ...facts, method }, value))
  }
  const announced = (event: Event): void => {
    const detail: unknown = event instanceof CustomEvent ? event.detail : undefined
    if (!isRecord(detail)) return
    const manifest = isRecord(detail['manifest']) ? detail['manifest'] : {}
    add(detail, manifest['name'], manifest['icon'])
  }
  window.addEventListener('near-wallet-injected', announced)
  window.dispatchEvent(new Event('near-selector-ready'))
  const injected: unknown = Reflect.get(window, 'near')
  if (isRecord(injected)) {
    add(injected, injected['name'])
    for (const [key, value] of Object.entries(injected)) {
      if (isRecord(value)) add(value, value['name'] ?? value['id'] ?? key)
    }
  }
  return () => window.removeEventListener('near-wallet-injected', announced)
}

function isNearWallet(value: unknown): value is NearWallet {
  return isRecord(value) && typeof value['signMessage'] === 'function'
}

function wallet(facts: Omit<Wallet, 'sign'>, near: NearWallet): Wallet {
  return {
    ...facts,
    async sign(getChallenge) {
      try {
        const challenge = await getChallenge({})
        const { recipient = '', nonce = '', network } = challenge.parameters
        const message = textOf(challenge)
        const params = { message, recipient, nonce: fromBase64(nonce), network }
        const signed = await near.signMessage(params)
        const { accountId, publicKey, signature } = isRecord(signed) ? signed : {}
        const key = stringOf(publicKey)
        if (key === undefined) throw new Shown(`${facts.name} did not say which key signed.`)
        return {
          publicKey: key.includes(':') ? key : `ed25519:${key}`,
          data: { wallet_address: accountId, message, signature: base64Of(signature), recipient },
        }
      } catch (error) {
        throw walletError(facts.name, error)
      }
    },
  }
}

/** NEP-413 says base64; some wallets give bytes. */
function base64Of(signature: unknown): unknown {
  return signature instanceof Uint8Array ? toBase64(signature) : signature
}
