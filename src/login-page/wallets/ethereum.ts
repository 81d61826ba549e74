/**
 * Ethereum wallets: found by their announcements (EIP-6963), or by `window.ethereum` where none announces itself (EIP-1193).
 * @see https://eips.ethereum.org/EIPS/eip-6963
 */
import {
  iconOf,
  isRecord,
  nameOf,
  type Search,
  Shown,
  stringOf,
  textOf,
  toHex,
  type Wallet,
  walletError,
} from './wallet.ts'

/** EIP-1193. */
interface Eip1193 {
  request(call: { readonly method: string; readonly params?: readonly unknown[] }): Promise<unknown>
}

/** How long wallets get to announce themselves before `window.ethereum` counts, ms. */
const ANNOUNCE_MS = 300

export const findEthereum: Search = ({ name: method, config }, found) => {
  const seen = new Set<string>()
  const announced = (event: Event): void => {
    const detail: unknown = event instanceof CustomEvent ? event.detail : undefined
    const { info, provider } = isRecord(detail) ? detail : {}
    if (!isRecord(info) || !isEip1193(provider)) return
    const id = stringOf(info['uuid']) ?? ''
    if (id === '' || seen.has(id)) return
    seen.add(id)
    const name = nameOf(info['name'], 'Ethereum wallet')
    found(wallet({ id: `eth:${id}`, name, icon: iconOf(info['icon']), method }, provider, config))
  }
  window.addEventListener('eip6963:announceProvider', announced)
  window.dispatchEvent(new Event('eip6963:requestProvider'))
  const timer = setTimeout(() => {
    const injected: unknown = Reflect.get(window, 'ethereum')
    if (seen.size > 0 || !isEip1193(injected)) return
    found(wallet({ id: 'eth:window', name: 'Ethereum wallet', method }, injected, config))
  }, ANNOUNCE_MS)
  return () => {
    clearTimeout(timer)
    window.removeEventListener('eip6963:announceProvider', announced)
  }
}

function isEip1193(value: unknown): value is Eip1193 {
  return isRecord(value) && typeof value['request'] === 'function'
}

function wallet(
  facts: Omit<Wallet, 'sign'>,
  provider: Eip1193,
  config: Readonly<Record<string, unknown>>,
): Wallet {
  return {
    ...facts,
    async sign(getChallenge) {
      try {
        const accounts = await provider.request({ method: 'eth_requestAccounts' })
        const account = stringOf(Array.isArray(accounts) ? (accounts as unknown[])[0] : undefined)
        if (account === undefined) throw new Shown(`${facts.name} shows no account.`)
        // without its checksum, which some wallets get wrong and the node puts right
        const publicKey = account.toLowerCase()
        const network = await chainOf(provider, config)
        const challenge = await getChallenge({
          address: publicKey,
          ...(network === undefined ? {} : { network }),
        })
        const message = textOf(challenge)
        const hex = `0x${toHex(new TextEncoder().encode(message))}`
        const signature = await provider.request({
          method: 'personal_sign',
          params: [hex, account],
        })
        return { publicKey, data: { message, signature } }
      } catch (error) {
        throw walletError(facts.name, error)
      }
    },
  }
}

/** The wallet's chain, where the node takes it: contracts that are wallets are looked for there. Undefined: the node's first. */
async function chainOf(
  provider: Eip1193,
  { chainIds }: Readonly<Record<string, unknown>>,
): Promise<string | undefined> {
  const id = Number(await provider.request({ method: 'eth_chainId' }).catch(() => undefined))
  return Array.isArray(chainIds) && chainIds.includes(id) ? String(id) : undefined
}
