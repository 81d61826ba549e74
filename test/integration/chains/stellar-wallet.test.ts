/** Signing in with Stellar wallets whose accounts are on a chain, with SDF's own library on the wallet's side. */
import { Keypair, Operation, Transaction, WebAuth, type xdr } from '@stellar/stellar-sdk'
import { expect } from 'chai'
import type { WalletSubject } from '../../../src/auth/wallet-verifier.ts'
import { stellarWallet, type StellarWallet } from '../../../src/chains/stellar/wallet.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { startFaultyRpc } from '../../support/faulty-rpc.ts'
import { quickClock, refusal, signInTerms } from '../../support/sign-in-attempts.ts'
import { openStellar, resultOf, type StellarWorld } from '../../support/stellar-devnet.ts'

const SEED = new Uint8Array(32).fill(7)
const DOMAIN = 'node.example'

describe('a Stellar wallet on a chain', () => {
  let world: StellarWorld
  let snapshot: number
  before(async () => {
    world = await openStellar()
    snapshot = await world.chain.snapshot()
  })
  afterEach(async () => {
    await world.chain.revert(snapshot)
    snapshot = await world.chain.snapshot()
  })
  after(() => world.chain.stop())

  const verifierOf = (...urls: readonly string[]): StellarWallet =>
    stellarWallet({
      ...{ network: 'local', passphrase: world.chain.networkPassphrase, signingSeed: SEED },
      ...{ endpoints: urls.map((url) => ({ url })), homeDomain: DOMAIN },
    })({ clock: quickClock })

  /** As a wallet does it: the challenge is one by the library's word, and these keys sign it. */
  async function signIn(
    account: Keypair,
    keys: readonly Keypair[],
    verifier: StellarWallet = verifierOf(world.chain.url),
  ): Promise<WalletSubject> {
    const terms = signInTerms({ subject: account.publicKey() })
    const challenge = await verifier.challenge(terms)
    const server = Keypair.fromRawEd25519Seed(Buffer.from(SEED)).publicKey()
    const { networkPassphrase } = world.chain
    const { tx } = WebAuth.readChallengeTx(
      ...[challenge.transaction ?? '', server, networkPassphrase, DOMAIN, DOMAIN],
    )
    const signed = new Transaction(tx.toEnvelope(), networkPassphrase)
    signed.sign(...keys)
    const data = { transaction: signed.toEnvelope().toXdr('base64') }
    return verifier.verify({ terms, challenge, data, publicKey: account.publicKey() })
  }

  /** Changes an account by what its own key and the others sign. */
  async function change(
    account: Keypair,
    options: Parameters<typeof Operation.setOptions>[0],
    signers: readonly Keypair[] = [account],
  ): Promise<void> {
    const operation: xdr.Operation = Operation.setOptions(options)
    const tx = await world.build(operation, { keys: account })
    tx.sign(...signers)
    expect(resultOf(await world.send(tx))).to.equal('setOptionsSuccess')
  }

  const addKey = (account: Keypair, key: Keypair, weight: number): Promise<void> =>
    change(account, { signer: { ed25519PublicKey: key.publicKey(), weight } })

  it('gets in by its master key, whether its account was ever funded or not', async () => {
    for (const account of [Keypair.random(), await world.account()]) {
      const found = await signIn(account, [account])
      expect(found.subject).to.equal(`stellar:${account.publicKey()}`)
      expect(await verifierOf(world.chain.url).isStill?.(found)).to.equal(true)
      expect(await refusal(signIn(account, [Keypair.random()]))).to.not.equal('let in')
    }
  })

  it('needs as much weight as the account’s medium threshold says', async () => {
    const [account, second, third] = [await world.account(), Keypair.random(), Keypair.random()]
    await addKey(account, second, 2)
    await addKey(account, third, 1)
    await change(account, { masterWeight: 1, lowThreshold: 1, medThreshold: 3, highThreshold: 4 })
    expect(await refusal(signIn(account, [account]))).to.contain('threshold')
    expect(await refusal(signIn(account, [second]))).to.contain('threshold')
    expect(await refusal(signIn(account, [account, third]))).to.contain('threshold')
    for (const keys of [
      [account, second],
      [second, third],
      [account, second, third],
    ]) {
      expect((await signIn(account, keys)).subject).to.equal(`stellar:${account.publicKey()}`)
    }
  })

  it('does not get in by a key that its account has disowned, and is out once that happens', async () => {
    const [account, second] = [await world.account(), Keypair.random()]
    const verifier = verifierOf(world.chain.url)
    const found = await signIn(account, [account], verifier)
    await addKey(account, second, 1)
    await change(account, { masterWeight: 0 })
    expect(await verifier.isStill?.(found)).to.equal(false)
    expect(await refusal(signIn(account, [account]))).to.not.equal('let in')
    expect((await signIn(account, [second])).subject).to.equal(`stellar:${account.publicKey()}`)
  })

  it('does not get in by a hash that may sign for its account', async () => {
    const [account, stranger] = [await world.account(), Keypair.random()]
    const preimage = new Uint8Array(32).fill(9)
    await change(account, { signer: { sha256Hash: Buffer.from(sha256(preimage)), weight: 5 } })
    await change(account, { medThreshold: 2 })
    expect(await refusal(signIn(account, [account]))).to.contain('threshold')
    expect(await refusal(signIn(account, [stranger]))).to.not.equal('let in')
  })

  it('is its master key again, and no other, when its account is merged away', async () => {
    const [account, second] = [await world.account(), Keypair.random()]
    await addKey(account, second, 1)
    expect((await signIn(account, [second])).subject).to.equal(`stellar:${account.publicKey()}`)
    await addKey(account, second, 0)
    const merge = Operation.accountMerge({ destination: world.keys.publicKey() })
    await world.classic(merge, { keys: account })
    expect(await refusal(signIn(account, [second]))).to.not.equal('let in')
    expect((await signIn(account, [account])).subject).to.equal(`stellar:${account.publicKey()}`)
  })

  it('gets in by another endpoint when the first fails, and by none when all do', async () => {
    const account = await world.account()
    await using silent = await startFaultyRpc(world.chain.url) // no Horizon
    const both = verifierOf(silent.url, world.chain.url)
    expect((await signIn(account, [account], both)).subject).to.equal(
      `stellar:${account.publicKey()}`,
    )
    const none = signIn(account, [account], verifierOf(silent.url))
    expect(await rejectionCode(none)).to.equal('AUTH_CHAIN_UNAVAILABLE')
  })
})
