/** Wallets of real chains through the whole room: challenge, the signature of the chain's own library, tokens; and that no answer is taken twice. */
import { Keypair, Networks, type Transaction, TransactionBuilder } from '@stellar/stellar-sdk'
import { expect } from 'chai'
import { Wallet } from 'ethers'
import { KeyPair, KeyPairSigner } from 'near-api-js'
import type { IssuedChallenge, SignInRequest } from '../../../src/auth/index.ts'
import { ethereumWallet } from '../../../src/chains/ethereum/wallet.ts'
import { nearWallet } from '../../../src/chains/near/wallet.ts'
import { stellarWallet } from '../../../src/chains/stellar/wallet.ts'
import { fromHex, toHex } from '../../../src/node/primitives/bytes.ts'
import { authKit, LOOPBACK } from '../../support/auth-kit.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { handClock } from '../../support/hand-clock.ts'

/** A wallet as a client has it. */
interface ClientWallet {
  readonly method: string
  readonly account: string
  readonly subject: string
  answer(challenge: IssuedChallenge): Promise<Pick<SignInRequest, 'publicKey' | 'data'>>
}

const ethereum = Wallet.createRandom()
const near = KeyPair.fromRandom('ed25519')
const nearAccount = toHex(near.getPublicKey().data)
const stellar = Keypair.random()

const WALLETS: readonly ClientWallet[] = [
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

describe('wallets that sign in', () => {
  for (const wallet of WALLETS) {
    it(`${wallet.method}: gets tokens once for an answer, and again for a new one`, async () => {
      const clock = handClock(Date.now())
      const verifiers = [
        ethereumWallet({ chains: [{ chainId: 1 }], clock }),
        nearWallet({ network: 'testnet' })({ clock }),
        stellarWallet({
          ...{ network: 'testnet', passphrase: Networks.TESTNET, endpoints: 'none' },
          ...{ signingSeed: new Uint8Array(32).fill(7), homeDomain: 'node.example' },
        })({ clock }),
      ]
      const { auth } = await authKit({ verifiers }, { clock })
      const { method, account } = wallet
      const answer = async (): Promise<SignInRequest> => {
        const issued = await auth.challenge({ method, subject: account }, LOOPBACK)
        return { method, clientName: 'test', ...(await wallet.answer(issued)) }
      }
      const request = await answer()
      const pair = await auth.signIn(request, LOOPBACK)
      expect((await auth.verify(pair.accessToken)).permissions.texts).to.deep.equal(['admin'])
      expect((await auth.keys.list())[0]?.subject).to.equal(wallet.subject)
      expect(await rejectionCode(auth.signIn(request, LOOPBACK))).to.equal('AUTH_REFUSED')
      expect((await auth.signIn(await answer(), LOOPBACK)).keyId).to.equal(pair.keyId)
      await auth.close()
    }).timeout(20_000)
  }
})
