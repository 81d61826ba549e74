/** Wallets as clients have them: each signs with its chain's own library what the node's verifier asks for. */
import { DelegationChain, Ed25519KeyIdentity } from '@dfinity/identity'
import { Principal } from '@dfinity/principal'
import { Keypair, Networks, type Transaction, TransactionBuilder } from '@stellar/stellar-sdk'
import { Wallet } from 'ethers'
import { KeyPair, KeyPairSigner } from 'near-api-js'
import type { IssuedChallenge, SignInRequest, WalletVerifier } from '../../src/auth/index.ts'
import { ethereumWallet } from '../../src/chains/ethereum/wallet.ts'
import { loginBytes } from '../../src/chains/icp/sign-in/sign-in.ts'
import { icpWallet } from '../../src/chains/icp/wallet.ts'
import { nearWallet } from '../../src/chains/near/wallet.ts'
import { stellarWallet } from '../../src/chains/stellar/wallet.ts'
import { fromHex, toHex } from '../../src/node/primitives/bytes.ts'
import type { Clock } from '../../src/node/primitives/clock.ts'
import { testNetwork } from './icp.ts'

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
const internetComputer = testNetwork(1)
/** What Internet Identity has in its name, and the key of a page that it delegates to for an hour. */
const icp = internetComputer.identity('alice')
const icpSession = Ed25519KeyIdentity.generate()
const icpAccount = Principal.selfAuthenticating(icp.getPublicKey().toDer()).toText()
const icpChain = DelegationChain.create(
  icp,
  icpSession.getPublicKey(),
  new Date(Date.now() + 3_600_000),
)

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
    method: 'icp_wallet',
    account: icpAccount,
    subject: `icp:${icpAccount}`,
    async answer({ challenge }) {
      const signature = await icpSession.sign(loginBytes(challenge))
      const data = {
        message: challenge,
        signature: toHex(new Uint8Array(signature)),
        session_key: toHex(icpSession.getPublicKey().toDer()),
        delegation_chain: (await icpChain).toJSON(),
      }
      return { publicKey: icpAccount, data }
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
    icpWallet({ rootKey: toHex(internetComputer.rootKey), clock }),
    stellarWallet({
      ...{ network: 'testnet', passphrase: Networks.TESTNET, endpoints: 'none' },
      ...{ signingSeed: new Uint8Array(32).fill(7), homeDomain: 'node.example' },
    })({ clock }),
  ]
}
