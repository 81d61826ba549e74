/** Wallets as browsers have them, with real keys in this process: a script for the page, and the functions that it calls. */
import { DelegationChain, Ed25519KeyIdentity } from '@dfinity/identity'
import { Keypair, Networks, TransactionBuilder } from '@stellar/stellar-sdk'
import { Wallet } from 'ethers'
import { KeyPair, KeyPairSigner } from 'near-api-js'
import { fromHex, toHex } from '../../src/node/primitives/bytes.ts'
import { sha256 } from '../../src/node/primitives/hash.ts'

export interface PageWallet {
  readonly script: string
  readonly functions: Readonly<Record<string, (...args: never[]) => unknown>>
  /** Whose key the node is to know, as in `eth:0xabc...`. */
  readonly subject: string
}

const ICON = 'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg"/>'

/** Announces itself as EIP-6963 has it. */
export function ethereumPageWallet(): PageWallet {
  const wallet = Wallet.createRandom()
  return {
    subject: `eth:${wallet.address.toLowerCase()}`,
    functions: {
      ethRequest: async ({ method, params }: { method: string; params?: string[] }) => {
        if (method === 'eth_requestAccounts') return [wallet.address.toLowerCase()]
        if (method === 'eth_chainId') return '0x1'
        return wallet.signMessage(fromHex((params?.[0] ?? '').slice(2)))
      },
    },
    script: `
      const detail = {
        info: { uuid: 'b7f2', name: 'Test Ether', icon: ${JSON.stringify(ICON)}, rdns: 'test' },
        provider: { request: (call) => ethRequest(call) },
      }
      const announce = () => dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }))
      addEventListener('eip6963:requestProvider', announce)`,
  }
}

/** Announces itself to NEAR Connect, or stands at `window.near`; its account is the key itself. */
export function nearPageWallet(form: 'announced' | 'below window.near'): PageWallet {
  const pair = KeyPair.fromRandom('ed25519')
  const accountId = toHex(pair.getPublicKey().data)
  const wallet = `{
    manifest: { name: 'Test Near' },
    signMessage: ({ nonce, ...rest }) => nearSign({ ...rest, nonce: Array.from(nonce) }),
  }`
  return {
    subject: `near:${accountId}`,
    functions: {
      async nearSign(asked: { message: string; recipient: string; nonce: number[] }) {
        const { message, recipient } = asked
        const params = { message, recipient, nonce: Uint8Array.from(asked.nonce) }
        const signed = await new KeyPairSigner(pair).signNep413Message(accountId, params)
        const signature = Buffer.from(signed.signature).toString('base64')
        return { accountId, publicKey: signed.publicKey.toString(), signature }
      },
    },
    script:
      form === 'announced'
        ? `addEventListener('near-selector-ready', () =>
             dispatchEvent(new CustomEvent('near-wallet-injected', { detail: ${wallet} })))`
        : `window.near = { test: ${wallet} }`,
  }
}

/** Answers the messages of Freighter's library, or is what the library gives. */
export function stellarPageWallet(form: 'messages' | 'object'): PageWallet {
  const pair = Keypair.random()
  const address = pair.publicKey()
  return {
    subject: `stellar:${address}`,
    functions: {
      stellarSign(xdr: string) {
        const transaction = TransactionBuilder.fromXdr(xdr, Networks.TESTNET)
        transaction.sign(pair)
        return transaction.toEnvelope().toXdr('base64')
      },
      stellarText: (text: string) => Buffer.from(pair.signMessage(text)).toString('base64'),
    },
    script:
      form === 'object'
        ? `window.freighterApi = {
             requestAccess: async () => ({ address: '${address}' }),
             signTransaction: async (xdr) => ({ signedTxXdr: await stellarSign(xdr) }),
             signMessage: async (text) => ({ signedMessage: await stellarText(text) }),
           }`
        : `addEventListener('message', async ({ source, data }) => {
             if (source !== window || data?.source !== 'FREIGHTER_EXTERNAL_MSG_REQUEST') return
             const answers = {
               REQUEST_CONNECTION_STATUS: async () => ({ isConnected: true }),
               REQUEST_ACCESS: async () => ({ publicKey: '${address}' }),
               SUBMIT_TRANSACTION: async () => ({ signedTransaction: await stellarSign(data.transactionXdr) }),
               SUBMIT_BLOB: async () => ({ signedBlob: await stellarText(data.blob) }),
             }
             const answer = await answers[data.type]()
             const head = { source: 'FREIGHTER_EXTERNAL_MSG_RESPONSE', messagedId: data.messageId }
             postMessage({ ...head, ...answer }, location.origin)
           })`,
  }
}

/** The page of an identity provider, which delegates to whoever asks. */
export function identityPage(): PageWallet & { readonly html: string } {
  const identity = Ed25519KeyIdentity.generate(sha256(crypto.getRandomValues(new Uint8Array(32))))
  return {
    subject: `icp:${identity.getPrincipal().toText()}`,
    functions: {
      async delegate(der: number[]) {
        const key = { toDer: () => Uint8Array.from(der) } as never // all that is read of it
        const chain = await DelegationChain.create(identity, key, new Date(Date.now() + 600_000))
        return chain.toJSON()
      },
    },
    script: '',
    html: `<script>
      const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (two) => parseInt(two, 16))
      addEventListener('message', async ({ data, source, origin }) => {
        if (data?.kind !== 'authorize-client') return
        const chain = await delegate(Array.from(data.sessionPublicKey))
        source.postMessage({
          kind: 'authorize-client-success',
          userPublicKey: bytes(chain.publicKey),
          delegations: chain.delegations.map(({ delegation, signature }) => ({
            delegation: { pubkey: bytes(delegation.pubkey), expiration: BigInt('0x' + delegation.expiration) },
            signature: bytes(signature),
          })),
        }, origin)
      })
      opener.postMessage({ kind: 'authorize-ready' }, '*')
    </script>`,
  }
}
