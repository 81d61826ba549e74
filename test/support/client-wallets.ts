/** Wallets as clients have them: each signs with its chain's own library what the node's verifier asks for. */
import { Keypair, Networks, type Transaction, TransactionBuilder } from '@stellar/stellar-sdk'
import { Wallet } from 'ethers'
import { KeyPair, KeyPairSigner } from 'near-api-js'
import type { IssuedChallenge, SignInRequest, WalletVerifier } from '../../src/auth/index.ts'
import { ethereumWallet } from '../../src/chains/ethereum/wallet.ts'
import { nearWallet } from '../../src/chains/near/wallet.ts'
import { stellarWallet } from '../../src/chains/stellar/wallet.ts'
import { fromHex, toHex } from '../../src/node/primitives/bytes.ts'
import type { Clock } from '../../src/node/primitives/clock.ts'

/** A wallet as a client has it. */
export interface ClientWallet {
  readonly method: string
  readonly account: string
  readonly subject: string
  answer(challenge: IssuedChallenge): Promise<Pick<SignInRequest, 'publicKey' | 'data'>>
}

const ethereum = Wallet.createRandom()
const near = KeyPair.fromRandom('ed25519')
const nearAccount = toHex(near.getPublicKey().data)
const stellar = Keypair.random()

/** None of them needs to ask its chain. */
export const CLIENT_WALLETS: readonly ClientWallet[] = [
  {
    method: 'eth_wallet',
    account: ethereum.address,
    subject: `eth:${ethereum.address.toLowerCase()}`,
    async answer({ challenge }) {
      const signature = await ethereum.signMessage(challenge)
      return { publicKey: ethereum.address, data: { message: challenge, signature } }
    },
  },
  {
    method: 'near_wallet',
    account: nearAccount,
    subject: `near:${nearAccount}`,
    async answer({ challenge, nonce }) {
      const signed = await new KeyPairSigner(near).signNep413Message(nearAccount, {
        ...{ message: challenge, recipient: 'calimero', nonce: fromHex(nonce) },
      })
      const signature = Buffer.from(signed.signature).toString('base64')
      return {
        publicKey: near.getPublicKey().toString(),
        data: { wallet_address: nearAccount, message: challenge, signature },
      }
    },
  },
  {
    method: 'stellar_wallet',
    account: stellar.publicKey(),
    subject: `stellar:${stellar.publicKey()}`,
    answer({ transaction = '' }) {
      const parsed = TransactionBuilder.fromXdr(transaction, Networks.TESTNET) as Transaction // as issued
      parsed.sign(stellar)
      const data = { transaction: parsed.toEnvelope().toXdr('base64') }
      return Promise.resolve({ publicKey: stellar.publicKey(), data })
    },
  },
]

/** The node's side of them, asking no chain. */
export function offlineVerifiers(clock: Clock): readonly WalletVerifier[] {
  return [
    ethereumWallet({ chains: [{ chainId: 1 }], clock }),
    nearWallet({ network: 'testnet' })({ clock }),
    stellarWallet({
      ...{ network: 'testnet', passphrase: Networks.TESTNET, endpoints: 'none' },
      ...{ signingSeed: new Uint8Array(32).fill(7), homeDomain: 'node.example' },
    })({ clock }),
  ]
}
