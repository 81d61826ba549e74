/**
 * Stellar wallets by Freighter's convention: an object with the functions of SEP-43 at `window.freighterApi`, or messages to the window that the
 * extension's own script answers, as the library `@stellar/freighter-api` sends them. They sign SEP-10's transaction, else the text by SEP-53.
 * @see https://github.com/stellar/stellar-protocol/blob/master/ecosystem/sep-0043.md
 */
import type { Challenge } from '../../client/auth.ts'
import {
  isRecord,
  type Search,
  Shown,
  stringOf,
  textOf,
  toBase64,
  type Wallet,
  walletError,
} from './wallet.ts'

/** What is asked of either form. */
interface Stellar {
  address(): Promise<string>
  signTransaction(xdr: string, passphrase: string, address: string): Promise<unknown>
  signMessage(text: string, passphrase: string, address: string): Promise<unknown>
}

const NAME = 'Freighter'
const REQUEST = 'FREIGHTER_EXTERNAL_MSG_REQUEST'
const RESPONSE = 'FREIGHTER_EXTERNAL_MSG_RESPONSE'
/** Version of the library whose messages these are; from 5 on the extension signs texts by SEP-53. */
const API_VERSION = '5.0.0'
/** How long the extension gets to say that it is there, ms. */
const PRESENCE_MS = 2_000

export const findStellar: Search = ({ name: method }, found) => {
  let isOver = false
  const tell = (stellar: Stellar): void => {
    if (!isOver) found(wallet(method, stellar))
  }
  const api: unknown = Reflect.get(window, 'freighterApi')
  if (isRecord(api)) tell(byObject(api))
  else void isPresent().then((is) => (is ? tell(BY_MESSAGES) : undefined))
  return () => {
    isOver = true
  }
}

function wallet(method: string, stellar: Stellar): Wallet {
  return {
    id: 'stellar:freighter',
    name: NAME,
    method,
    async sign(getChallenge) {
      try {
        const address = await stellar.address()
        const challenge = await getChallenge({ address })
        return { publicKey: address, data: await signed(stellar, challenge, address) }
      } catch (error) {
        throw walletError(NAME, error)
      }
    },
  }
}

async function signed(stellar: Stellar, challenge: Challenge, address: string): Promise<unknown> {
  const passphrase = challenge.parameters['network_passphrase'] ?? ''
  const { transaction } = challenge
  if (transaction !== undefined) {
    return { transaction: await stellar.signTransaction(transaction, passphrase, address) }
  }
  const message = textOf(challenge)
  return { address, message, signature: await stellar.signMessage(message, passphrase, address) }
}

/** SEP-43: functions that resolve with an object, with `error` in it when it did not go well. */
function byObject(api: Readonly<Record<string, unknown>>): Stellar {
  const call = async (name: string, ...args: unknown[]): Promise<Record<string, unknown>> => {
    const run = api[name]
    if (typeof run !== 'function') throw new Shown(`${NAME} is too old: it lacks ${name}.`)
    const answer: unknown = await Reflect.apply(run, api, args)
    return okay(isRecord(answer) ? answer : {}, 'error')
  }
  return {
    async address() {
      return addressIn((await call('requestAccess'))['address'])
    },
    async signTransaction(xdr, networkPassphrase, address) {
      return (await call('signTransaction', xdr, { networkPassphrase, address }))['signedTxXdr']
    },
    async signMessage(text, networkPassphrase, address) {
      return base64Of(
        (await call('signMessage', text, { networkPassphrase, address }))['signedMessage'],
      )
    },
  }
}

const BY_MESSAGES: Stellar = {
  async address() {
    return addressIn((await ask({ type: 'REQUEST_ACCESS' }))['publicKey'])
  },
  async signTransaction(transactionXdr, networkPassphrase, accountToSign) {
    const call = { transactionXdr, network: '', networkPassphrase, accountToSign }
    return (await ask({ type: 'SUBMIT_TRANSACTION', ...call }))['signedTransaction']
  },
  async signMessage(blob, networkPassphrase, accountToSign) {
    const call = { blob, networkPassphrase, accountToSign, apiVersion: API_VERSION }
    return base64Of((await ask({ type: 'SUBMIT_BLOB', ...call }))['signedBlob'])
  },
}

async function isPresent(): Promise<boolean> {
  if (Reflect.get(window, 'freighter') === true) return true
  const answer = await ask({ type: 'REQUEST_CONNECTION_STATUS' }, PRESENCE_MS).catch(() => ({}))
  return Reflect.get(answer, 'isConnected') === true
}

/** One message and its answer. @param withinMs @default as long as the person takes */
function ask(
  message: Readonly<Record<string, unknown>>,
  withinMs?: number,
): Promise<Record<string, unknown>> {
  const messageId = crypto.getRandomValues(new Uint32Array(1))[0]
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer)
      window.removeEventListener('message', answered)
    }
    const answered = ({ source, data }: MessageEvent<unknown>): void => {
      if (source !== window || !isRecord(data) || data['source'] !== RESPONSE) return
      // the extension spells it so
      if (data['messagedId'] !== messageId) return
      end()
      try {
        resolve(okay(data, 'apiError'))
      } catch (error) {
        reject(error)
      }
    }
    const timer =
      withinMs === undefined
        ? undefined
        : setTimeout(() => {
            end()
            reject(new Shown(`${NAME} does not answer.`))
          }, withinMs)
    window.addEventListener('message', answered)
    window.postMessage({ source: REQUEST, messageId, ...message }, window.location.origin)
  })
}

function okay(answer: Readonly<Record<string, unknown>>, field: string): Record<string, unknown> {
  const error = answer[field]
  if (error !== undefined && error !== null && error !== '') throw walletError(NAME, error)
  return { ...answer }
}

/** @throws {@link Shown} */
function addressIn(value: unknown): string {
  const address = stringOf(value) ?? ''
  if (address !== '') return address
  throw new Shown(`${NAME} shows no account.`)
}

/** A signature as the extension's versions give it: base64, bytes, or bytes as JSON has them. */
function base64Of(value: unknown): unknown {
  if (value instanceof Uint8Array) return toBase64(value)
  const data = isRecord(value) ? value['data'] : undefined
  return Array.isArray(data) ? toBase64(Uint8Array.from(data as number[])) : value
}
