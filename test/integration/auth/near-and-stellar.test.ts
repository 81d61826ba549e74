import { Keypair, Networks, TransactionBuilder } from '@stellar/stellar-sdk'
import { expect } from 'chai'
import { KeyPair, KeyPairSigner } from 'near-api-js'
import type { IssuedChallenge } from '../../../src/auth/index.ts'
import { nearWallet } from '../../../src/chains/near/wallet.ts'
import { stellarWallet } from '../../../src/chains/stellar/wallet.ts'
import { fromHex, toHex } from '../../../src/node/primitives/bytes.ts'
import { authKit, LOOPBACK } from '../../support/auth-kit.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { handClock } from '../../support/hand-clock.ts'

const NEAR = KeyPair.fromRandom('ed25519')
const NEAR_ACCOUNT = toHex(NEAR.getPublicKey().data)
const STELLAR = Keypair.random()

/** What a client sends back, by the kind of wallet, signed by the chain's own library. */
const WALLETS = {
  'a NEAR wallet': {
    ...{ method: 'near_wallet', subject: undefined, publicKey: NEAR.getPublicKey().toString() },
    async sign({ message = '', nonce }: IssuedChallenge) {
      const { signature } = await new KeyPairSigner(NEAR).signNep413Message(NEAR_ACCOUNT, {
        ...{ message, recipient: 'calimero', nonce: fromHex(nonce) },
      })
      const text = Buffer.from(signature).toString('base64')
      return { wallet_address: NEAR_ACCOUNT, message, signature: text }
    },
  },
  'a Stellar wallet with a transaction': {
    ...{ method: 'stellar_wallet', subject: STELLAR.publicKey(), publicKey: STELLAR.publicKey() },
    sign({ transaction = '' }: IssuedChallenge) {
      const signed = TransactionBuilder.fromXdr(transaction, Networks.TESTNET)
      signed.sign(STELLAR)
      return Promise.resolve({ transaction: signed.toEnvelope().toXdr('base64') })
    },
  },
  'a Stellar wallet with a message': {
    ...{ method: 'stellar_wallet', subject: STELLAR.publicKey(), publicKey: STELLAR.publicKey() },
    sign({ message = '' }: IssuedChallenge) {
      const signature = Buffer.from(STELLAR.signMessage(message)).toString('base64')
      return Promise.resolve({ address: STELLAR.publicKey(), message, signature })
    },
  },
}

describe('a node', () => {
  for (const [name, { method, subject, publicKey, sign }] of Object.entries(WALLETS)) {
    it(`lets ${name} in once for a challenge, which it finds by the answer alone`, async () => {
      const clock = handClock(Date.now()) // the library of Stellar reads the machine's clock
      const setting = {
        network: 'testnet',
        passphrase: Networks.TESTNET,
        endpoints: 'none',
      } as const
      const stellar = stellarWallet({
        ...setting,
        ...{ signingSeed: new Uint8Array(32).fill(7), homeDomain: 'node.example' },
      })
      const near = nearWallet({ network: 'testnet' })
      const verifiers = [near({ clock }), stellar({ clock })]
      const { auth, caller } = await authKit({ verifiers }, { clock })
      const challenge = await auth.challenge({ method, subject }, LOOPBACK)
      const request = { method, publicKey, clientName: 'test', data: await sign(challenge) }
      const pair = await auth.signIn(request, LOOPBACK)
      expect((await caller(pair)).permissions.texts).to.deep.equal(['admin'])
      expect(await rejectionCode(auth.signIn(request, LOOPBACK))).to.equal('AUTH_REFUSED')
      await auth.close()
    })
  }
})
