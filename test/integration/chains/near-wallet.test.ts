/** Signing in with NEAR wallets whose accounts and keys are on a chain, with NEAR's own library on the wallet's side. */
import { expect } from 'chai'
import { Account, JsonRpcProvider, KeyPair, KeyPairSigner } from 'near-api-js'
import type { WalletSubject, WalletVerifier } from '../../../src/auth/wallet-verifier.ts'
import { nearWallet } from '../../../src/chains/near/wallet.ts'
import { type NearDevnet, startNearDevnet } from '../../../src/devnet/near/index.ts'
import { fromHex, toHex } from '../../../src/node/primitives/bytes.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { startFaultyRpc } from '../../support/faulty-rpc.ts'
import { signInTerms, quickClock, refusal, signInWith } from '../../support/sign-in-attempts.ts'

const NEAR = 10n ** 24n

describe('a NEAR wallet on a chain', () => {
  let chain: NearDevnet
  let root: Account
  let snapshot: number
  /** Of the account `alice.<root>`: with full access. */
  const own = KeyPair.fromRandom('ed25519')
  let alice: Account

  const verifierOf = (...urls: string[]): WalletVerifier =>
    nearWallet({ network: 'localnet', endpoints: urls.map((url) => ({ url })) })({
      clock: quickClock,
    })
  const signIn = (
    accountId: string,
    pair: KeyPair,
    verifier: WalletVerifier = verifierOf(chain.url),
  ): Promise<WalletSubject> => {
    const terms = signInTerms({ subject: accountId })
    return signInWith(verifier, terms, async (message = '') => {
      const nonce = fromHex(terms.nonce)
      const { signature, publicKey } = await new KeyPairSigner(pair).signNep413Message(accountId, {
        ...{ message, nonce, recipient: 'calimero' },
      })
      return {
        publicKey: publicKey.toString(),
        data: {
          wallet_address: accountId,
          message,
          signature: Buffer.from(signature).toString('base64'),
        },
      }
    })
  }

  before(async () => {
    chain = await startNearDevnet({ port: 0 })
    const provider = new JsonRpcProvider({ url: chain.url })
    const [{ accountId, secretKey }] = chain.accounts
    root = new Account(accountId, provider, secretKey)
    const newAccountId = `alice.${accountId}`
    await root.createAccount({
      ...{ newAccountId, publicKey: own.getPublicKey(), nearToTransfer: 5n * NEAR },
    })
    alice = new Account(newAccountId, provider, new KeyPairSigner(own))
    snapshot = await chain.snapshot()
  })
  afterEach(async () => {
    await chain.revert(snapshot)
    snapshot = await chain.snapshot()
  })
  after(() => chain.stop())

  it('gets into a named account by a key with full access, and no longer when it is removed', async () => {
    const verifier = verifierOf(chain.url)
    const found = await signIn(alice.accountId, own, verifier)
    expect(found.subject).to.equal(`near:${alice.accountId}`)
    expect(await verifier.isStill?.(found)).to.equal(true)
    const other = KeyPair.fromRandom('ed25519')
    await alice.addFullAccessKey(other.getPublicKey())
    await alice.deleteKey(own.getPublicKey())
    expect(await verifier.isStill?.(found)).to.equal(false)
    expect(await refusal(signIn(alice.accountId, own))).to.contain('no such key')
    expect((await signIn(alice.accountId, other)).subject).to.equal(`near:${alice.accountId}`)
  })

  it('does not get in by a key that may only call functions', async () => {
    const limited = KeyPair.fromRandom('ed25519')
    await alice.addFunctionCallAccessKey({
      publicKey: limited.getPublicKey(),
      ...{ contractId: root.accountId, methodNames: [], allowance: NEAR },
    })
    expect(await refusal(signIn(alice.accountId, limited))).to.contain('no full access')
  })

  it('does not get into an account of somebody else, nor into one that there is not', async () => {
    expect(await refusal(signIn(root.accountId, own))).to.contain('no such key')
    expect(await refusal(signIn(`nobody.${root.accountId}`, own))).to.contain('no such key')
  })

  it('gets into an implicit account by its key, on the chain or not, and by one that was added to it', async () => {
    const pair = KeyPair.fromRandom('ed25519')
    const implicit = toHex(pair.getPublicKey().data)
    expect((await signIn(implicit, pair)).subject).to.equal(`near:${implicit}`)
    await root.transfer({ receiverId: implicit, amount: NEAR })
    expect((await signIn(implicit, pair)).subject).to.equal(`near:${implicit}`)
    const added = KeyPair.fromRandom('ed25519')
    expect(await refusal(signIn(implicit, added))).to.contain('no such key')
    const provider = new JsonRpcProvider({ url: chain.url })
    const account = new Account(implicit, provider, new KeyPairSigner(pair))
    await account.addFullAccessKey(added.getPublicKey())
    expect((await signIn(implicit, added)).mayChange).to.equal(true)
  })

  it('asks another endpoint when one is silent, and lets nobody in when all are', async () => {
    await using silent = await startFaultyRpc(chain.url)
    silent.rules({ method: 'query', fault: { kind: 'refuse' } })
    const both = verifierOf(silent.url, chain.url)
    expect((await signIn(alice.accountId, own, both)).mayChange).to.equal(true)
    const none = signIn(alice.accountId, own, verifierOf(silent.url))
    expect(await rejectionCode(none)).to.equal('AUTH_CHAIN_UNAVAILABLE')
  })

  it('goes by what is final: a key that was added a moment ago is none yet', async () => {
    const added = KeyPair.fromRandom('ed25519')
    await chain.setBlocks('manual')
    const sending = alice.addFullAccessKey(added.getPublicKey())
    // block by block until the head has it, two blocks before it is final
    const asked = { request_type: 'view_access_key', account_id: alice.accountId }
    const key = { ...asked, public_key: added.getPublicKey().toString(), finality: 'optimistic' }
    const isThere = async (): Promise<boolean> =>
      'nonce' in ((await chain.send('query', key)) as object)
    while (!(await isThere())) await chain.mine(1)
    expect(await refusal(signIn(alice.accountId, added))).to.contain('no such key')
    await chain.mine(3)
    await sending
    await chain.setBlocks('instant')
    expect((await signIn(alice.accountId, added)).mayChange).to.equal(true)
  })
})
