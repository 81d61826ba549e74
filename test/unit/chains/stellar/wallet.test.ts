import {
  Account,
  encodeMuxedAccountToAddress,
  Keypair,
  MuxedAccount,
  Networks,
  Operation,
  StrKey,
  Transaction,
  TransactionBuilder,
  WebAuth,
  xdr,
} from '@stellar/stellar-sdk'
import { expect } from 'chai'
import type {
  ChallengeTerms,
  SignInAttempt,
  WalletChallenge,
} from '../../../../src/auth/wallet-verifier.ts'
import { checkSignedMessage } from '../../../../src/chains/stellar/signed-message.ts'
import {
  stellarWallet,
  type StellarWallet,
  type StellarWalletInit,
} from '../../../../src/chains/stellar/wallet.ts'
import { concat } from '../../../../src/node/primitives/bytes.ts'
import { rejectionCode, thrownCode } from '../../../support/error-code.ts'
import { type Asked, FAULTS, loopback } from '../../../support/loopback.ts'
import {
  malleated,
  NEUTRAL,
  quickClock,
  refusal,
  signInTerms,
} from '../../../support/sign-in-attempts.ts'

const SEED = new Uint8Array(32).fill(7)
const SERVER = Keypair.fromRawEd25519Seed(SEED)
const PAIR = Keypair.random()
const ACCOUNT = PAIR.publicKey()
const OTHER = Keypair.random()
const SECOND = Keypair.random()
const MUXED = encodeMuxedAccountToAddress(
  new MuxedAccount(new Account(ACCOUNT, '0'), '5').toXdrObject(),
)

function wallet(init: Partial<StellarWalletInit> = {}): StellarWallet {
  return stellarWallet({
    ...{ network: 'testnet', passphrase: Networks.TESTNET, endpoints: 'none' },
    ...{ signingSeed: SEED, homeDomain: 'node.example' },
    ...init,
  })({ clock: quickClock })
}

function termsFor(changes: Partial<ChallengeTerms> = {}): ChallengeTerms {
  return signInTerms({ subject: ACCOUNT, ...changes })
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

/** What SDF's own library signs of a challenge, as a client sends it. */
function withTransaction(
  terms: ChallengeTerms,
  challenge: WalletChallenge,
  pairs: readonly Keypair[] = [PAIR],
): SignInAttempt {
  const transaction = parsed(challenge.transaction)
  for (const pair of pairs) transaction.sign(pair)
  return attemptOf(terms, challenge, transaction)
}

function parsed(transaction = ''): Transaction {
  return TransactionBuilder.fromXdr(transaction, Networks.TESTNET) as Transaction // no fee bump was issued
}

function attemptOf(
  terms: ChallengeTerms,
  challenge: WalletChallenge,
  transaction: Transaction,
): SignInAttempt {
  const data = { transaction: transaction.toEnvelope().toXdr('base64') }
  return { ...{ terms, challenge, data }, publicKey: ACCOUNT }
}

interface Message extends SignInAttempt {
  readonly data: Record<string, unknown>
}

function withMessage(
  terms: ChallengeTerms,
  challenge: WalletChallenge,
  pair: Keypair = PAIR,
): Message {
  const message = challenge.message ?? ''
  const signature = base64(pair.signMessage(message))
  const data = { address: ACCOUNT, message, signature }
  return { ...{ terms, challenge, data }, publicKey: ACCOUNT }
}

/** The challenge with other operations, signed by the node's key: what only a node that lost its key would sign. */
function rebuilt(terms: ChallengeTerms, change: (builder: TransactionBuilder) => void) {
  const builder = new TransactionBuilder(new Account(SERVER.publicKey(), '-1'), {
    ...{ fee: '100', networkPassphrase: Networks.TESTNET },
    timebounds: { minTime: terms.issuedAtMs / 1000, maxTime: terms.expiresAtMs / 1000 },
  })
  change(builder)
  const transaction = builder.build()
  transaction.sign(SERVER, PAIR)
  return transaction
}

function accountAnswer(
  signers: readonly { key: string; weight: number; type?: string }[],
  medium = 0,
  account = ACCOUNT,
): string {
  return JSON.stringify({
    ...{ id: account, account_id: account, sequence: '1', subentry_count: 1 },
    thresholds: { low_threshold: 0, med_threshold: medium, high_threshold: 0 },
    signers: signers.map((signer) => ({ type: 'ed25519_public_key', ...signer })),
    balances: [],
  })
}

type Answer = (asked: Asked, response: Parameters<(typeof FAULTS)[string]>[1]) => void

const saying =
  (text: string): Answer =>
  (_, response) =>
    response.end(text)

const NOT_FOUND: Answer = (_, response) =>
  response.writeHead(404, { 'content-type': 'application/problem+json' }).end(
    JSON.stringify({
      ...{ type: 'https://stellar.org/horizon-errors/not_found', status: 404 },
      title: 'Resource Missing',
    }),
  )

describe('a Stellar wallet', () => {
  it('is let in with the transaction of SEP-10', async () => {
    const verifier = wallet()
    const terms = termsFor()
    const signed = withTransaction(terms, await verifier.challenge(terms))
    expect(await verifier.verify(signed)).to.deep.equal({ subject: `stellar:${ACCOUNT}` })
  })

  it('is let in with a message of SEP-53', async () => {
    const verifier = wallet()
    const terms = termsFor({ permissions: ['context:execute'] })
    const signed = withMessage(terms, await verifier.challenge(terms))
    expect(await verifier.verify(signed)).to.deep.equal({ subject: `stellar:${ACCOUNT}` })
  })

  it('is its account when it names itself by a multiplexed address', async () => {
    const verifier = wallet()
    const terms = termsFor({ subject: MUXED })
    const challenge = await verifier.challenge(terms)
    const signed = { ...withTransaction(terms, challenge), publicKey: MUXED }
    expect(await verifier.verify(signed)).to.deep.equal({ subject: `stellar:${ACCOUNT}` })
    const message = withMessage(terms, challenge)
    const data = { ...message.data, address: MUXED }
    expect((await verifier.verify({ ...message, data })).subject).to.equal(`stellar:${ACCOUNT}`)
  })

  it('verifies the vector that SEP-53 publishes', () => {
    const published = Keypair.fromSecret('SAKICEVQLYWGSOJS4WW7HZJWAHZVEEBS527LHK5V4MLJALYKICQCJXMW')
    const signature =
      'fO5dbYhXUhBMhe6kId/cuVq/AfEnHRHEvsP8vXh03M1uLpi5e46yO2Q8rEBzu3feXQewcQE5GArp88u6ePK6BA=='
    expect(
      thrownCode(() => checkSignedMessage(published.publicKey(), 'Hello, World!', signature)),
    ).to.equal('none')
    expect(
      thrownCode(() => checkSignedMessage(published.publicKey(), 'Hello, World?', signature)),
    ).to.equal('AUTH_REFUSED')
  })

  it('gets a transaction that is a challenge by SDF’s own library, and the same for the same terms', async () => {
    const terms = termsFor()
    const { transaction = '', parameters } = await wallet().challenge(terms)
    const { clientAccountID } = WebAuth.readChallengeTx(
      ...[transaction, SERVER.publicKey(), Networks.TESTNET, 'node.example', 'node.example'],
    )
    expect(clientAccountID).to.equal(ACCOUNT)
    expect(parsed(transaction).timeBounds).to.deep.equal({
      minTime: String(terms.issuedAtMs / 1000),
      maxTime: String(terms.expiresAtMs / 1000),
    })
    expect((await wallet().challenge(terms)).transaction).to.equal(transaction)
    expect(parameters).to.deep.equal({
      ...{ network: 'testnet', network_passphrase: Networks.TESTNET },
      ...{ account: ACCOUNT, home_domain: 'node.example' },
    })
  })

  it('gets a message alone from a node whose domain has no room in a transaction', async () => {
    const verifier = wallet()
    const terms = termsFor({ domain: `${'a'.repeat(63)}.example` })
    const challenge = await verifier.challenge(terms)
    expect(challenge).to.not.have.property('transaction')
    const signed = withMessage(terms, challenge)
    expect((await verifier.verify(signed)).subject).to.equal(`stellar:${ACCOUNT}`)
    const data = { transaction: '' }
    expect(await refusal(verifier.verify({ ...signed, data }))).to.equal(
      'the challenge has no transaction',
    )
  })

  it('finds the challenge of a transaction by its nonce, and none in anything else', async () => {
    for (const homeDomain of ['a.b', 'node.example', 'localhost', 'n'.repeat(59)]) {
      const verifier = wallet({ homeDomain })
      const terms = termsFor()
      const { data } = withTransaction(terms, await verifier.challenge(terms))
      expect(verifier.nonceOf?.(data)).to.equal(terms.nonce)
      const { transaction } = data as { transaction: string }
      expect(verifier.sep10.claimedAccount(transaction)).to.equal(ACCOUNT)
      const cut = transaction.slice(0, 200)
      for (const no of [undefined, null, 5, {}, [], { transaction: 5 }, { transaction: cut }]) {
        expect(verifier.nonceOf?.(no)).to.equal(undefined)
      }
      expect(verifier.nonceOf?.({ transaction: 'A'.repeat(10_000) })).to.equal(undefined)
    }
  })

  it('makes no challenge for what is no account, or for another network', async () => {
    const contract = StrKey.encodeContract(new Uint8Array(32).fill(9))
    const weak = StrKey.encodeEd25519PublicKey(NEUTRAL)
    for (const subject of [undefined, '', 'alice', `${ACCOUNT}\n`, contract, weak]) {
      const work = wallet().challenge(signInTerms({ subject }))
      expect(await rejectionCode(work), subject).to.equal('AUTH_BAD_REQUEST')
    }
    const other = wallet().challenge(termsFor({ network: 'pubnet' }))
    expect(await rejectionCode(other)).to.equal('AUTH_BAD_REQUEST')
    for (const network of ['testnet', Networks.TESTNET]) {
      expect(await wallet().challenge(termsFor({ network }))).to.have.property('message')
    }
  })

  it('reads the query of SEP-10’s own route', () => {
    const { sep10 } = wallet()
    expect(sep10.signingKey).to.equal(SERVER.publicKey())
    expect(sep10.accountOf({ account: ACCOUNT, home_domain: 'node.example' })).to.equal(ACCOUNT)
    expect(sep10.accountOf({ account: MUXED, client_domain: 'wallet.example' })).to.equal(ACCOUNT)
    const wrong: Record<string, unknown>[] = [
      {},
      { account: [ACCOUNT] },
      { account: 'x'.repeat(10_000) },
      { account: ACCOUNT, memo: '5' },
      { account: ACCOUNT, home_domain: 'evil.example' },
    ]
    for (const query of wrong) {
      expect(thrownCode(() => sep10.accountOf(query))).to.equal('AUTH_BAD_REQUEST')
    }
  })

  it('refuses to be set up with a home domain that does not fit, or an endpoint that is no address', () => {
    expect(() => wallet({ homeDomain: 'n'.repeat(60) })).to.throw(TypeError)
    expect(() => wallet({ homeDomain: 'nöde.example' })).to.throw(TypeError)
    expect(() => wallet({ endpoints: [{ url: 'file:///etc' }] })).to.throw(TypeError)
  })

  describe('is refused', () => {
    const verifier = wallet()
    // when it runs, not when it is loaded
    const around = (fromMs: number, toMs: number): Partial<ChallengeTerms> => {
      const now = Math.floor(Date.now() / 1000) * 1000
      return { issuedAtMs: now + fromMs, expiresAtMs: now + toMs }
    }
    const transaction = async (
      pairs: readonly Keypair[] = [PAIR],
      terms = termsFor(),
      by: StellarWallet = verifier,
    ): Promise<SignInAttempt> => withTransaction(terms, await by.challenge(terms), pairs)
    const message = async (
      change: (data: Record<string, unknown>) => unknown = (data) => data,
      terms = termsFor(),
      by: StellarWallet = verifier,
    ): Promise<SignInAttempt> => {
      const made = withMessage(terms, await by.challenge(terms))
      return { ...made, data: change(made.data) }
    }
    const messageSignature = (change: (signature: Uint8Array) => Uint8Array) =>
      message((data) => {
        const signature = new Uint8Array(Buffer.from(String(data['signature']), 'base64'))
        return { ...data, signature: base64(change(signature)) }
      })
    /** The transaction of a challenge with other signatures behind the node's. */
    const decorated = async (
      make: (signature: Uint8Array) => readonly Uint8Array[],
      pair = PAIR,
    ): Promise<SignInAttempt> => {
      const terms = termsFor()
      const challenge = await verifier.challenge(terms)
      const signed = parsed(challenge.transaction)
      for (const bytes of make(pair.sign(signed.hash()))) {
        signed.addDecoratedSignature(
          new xdr.DecoratedSignature({
            hint: new xdr.SignatureHint(pair.signatureHint()),
            signature: new xdr.Signature(bytes),
          }),
        )
      }
      return attemptOf(terms, challenge, signed)
    }
    const altered = async (
      change: (builder: TransactionBuilder) => void,
    ): Promise<SignInAttempt> => {
      const terms = termsFor()
      return attemptOf(terms, await verifier.challenge(terms), rebuilt(terms, change))
    }
    const auth = (value: string, name = 'node.example auth') =>
      Operation.manageData({ name, value, source: ACCOUNT })
    const domain = (value: string) =>
      Operation.manageData({ name: 'web_auth_domain', value, source: SERVER.publicKey() })

    const NOT_THE_ONE = 'the transaction is not that of the challenge'
    const NOT_THE_TEXT = 'the message is not that of the challenge'
    const expired = (): Partial<ChallengeTerms> => around(-301_000, -1000)
    const future = (): Partial<ChallengeTerms> => around(90_000, 390_000)
    const elsewhere = { domain: 'evil.example', origin: 'https://evil.example' }

    const attacks: Record<string, readonly [reason: string, () => Promise<SignInAttempt>]> = {
      'a transaction of another challenge': [
        NOT_THE_ONE,
        async () => ({ ...(await transaction()), terms: termsFor() }),
      ],
      'a transaction of another domain': [
        NOT_THE_ONE,
        async () => {
          const terms = termsFor(elsewhere)
          const made = await transaction([PAIR], terms)
          return { ...made, terms: termsFor({ nonce: terms.nonce }) }
        },
      ],
      'a transaction of another home domain': [
        NOT_THE_ONE,
        async () => await transaction([PAIR], termsFor(), wallet({ homeDomain: 'evil.example' })),
      ],
      'a transaction with another nonce': [
        NOT_THE_ONE,
        async () =>
          await altered((builder) =>
            builder
              .addOperation(auth(base64(new Uint8Array(48).fill(1))))
              .addOperation(domain('node.example')),
          ),
      ],
      'a transaction that pays': [
        NOT_THE_ONE,
        async () =>
          await altered((builder) => builder.addOperation(Operation.bumpSequence({ bumpTo: '9' }))),
      ],
      'a transaction within the 300 s of grace that the library gives': [
        'the challenge expired',
        async () => await transaction([PAIR], termsFor(expired())),
      ],
      'a transaction of the future': [
        'the challenge lies in the future',
        async () => await transaction([PAIR], termsFor(future())),
      ],
      'a transaction signed for another network': [
        'a signature is of no signer of the account',
        async () => {
          const terms = termsFor()
          const challenge = await verifier.challenge(terms)
          const foreign = new Transaction(challenge.transaction ?? '', Networks.PUBLIC)
          foreign.sign(PAIR)
          return attemptOf(terms, challenge, foreign)
        },
      ],
      'a transaction of a challenge for another network': [
        'the challenge was made for another network',
        async () => {
          const made = await transaction()
          return { ...made, terms: { ...made.terms, network: 'pubnet' } }
        },
      ],
      'a transaction signed by nobody': [
        'nobody but the node signed the transaction',
        async () => await transaction([]),
      ],
      'a transaction signed by another key': [
        'a signature is of no signer of the account',
        async () => await transaction([OTHER]),
      ],
      'a transaction signed by another key as well': [
        'a signature is of no signer of the account',
        async () => await transaction([PAIR, OTHER]),
      ],
      'a transaction signed twice by the same key': [
        'Transaction has unrecognized signatures',
        async () => await decorated((signature) => [signature, signature]),
      ],
      'a transaction that the node did not sign': [
        `Transaction not signed by server: '${SERVER.publicKey()}'`,
        async () => {
          const terms = termsFor()
          const challenge = await verifier.challenge(terms)
          const stripped = parsed(challenge.transaction)
          stripped.signatures.splice(0)
          stripped.sign(PAIR, PAIR)
          return attemptOf(terms, challenge, stripped)
        },
      ],
      'a transaction of another node’s key': [
        NOT_THE_ONE,
        async () =>
          await transaction(
            [PAIR],
            termsFor(),
            wallet({ signingSeed: new Uint8Array(32).fill(8) }),
          ),
      ],
      'a transaction for another account': [
        'the challenge was made for another account',
        async () => ({ ...(await transaction()), publicKey: OTHER.publicKey() }),
      ],
      'a transaction in the name of an account that did not ask': [
        'the challenge was made for another account',
        async () => {
          const made = await transaction()
          return { ...made, terms: { ...made.terms, subject: OTHER.publicKey() } }
        },
      ],
      'a malleated signature of a transaction': [
        'the signature is not canonical',
        async () => await decorated((signature) => [malleated(signature)]),
      ],
      'a truncated signature of a transaction': [
        'the signature has not 64 bytes',
        async () => await decorated((signature) => [signature.slice(0, 63)]),
      ],
      'a truncated transaction': [
        'the transaction cannot be read',
        async () => {
          const made = await transaction()
          const { transaction: text } = made.data as { transaction: string }
          return { ...made, data: { transaction: text.slice(0, 100) } }
        },
      ],
      'an oversized transaction': [
        'provider_data: transaction: too_big',
        async () => ({ ...(await transaction()), data: { transaction: 'A'.repeat(1_000_000) } }),
      ],
      'a number for a transaction': [
        'provider_data: transaction: invalid_type',
        async () => ({ ...(await transaction()), data: { transaction: 7 } }),
      ],
      'a message of another challenge': [
        NOT_THE_TEXT,
        async () => ({ ...(await message()), terms: termsFor() }),
      ],
      'a message of another domain': [
        NOT_THE_TEXT,
        async () => {
          const terms = termsFor(elsewhere)
          const made = await message(undefined, terms)
          return { ...made, terms: termsFor({ nonce: terms.nonce }) }
        },
      ],
      'a message that is expired': [
        'the challenge expired',
        async () => await message(undefined, termsFor(expired())),
      ],
      'a message of the future': [
        'the challenge lies in the future',
        async () => await message(undefined, termsFor(future())),
      ],
      'a message for another network': [
        NOT_THE_TEXT,
        async () => await message(undefined, termsFor(), wallet({ network: 'pubnet' })),
      ],
      'an altered message': [
        NOT_THE_TEXT,
        async () =>
          await message((data) => {
            const text = `${String(data['message'])}\nResources:\n- urn:calimero:permission:admin`
            return { ...data, message: text, signature: base64(PAIR.signMessage(text)) }
          }),
      ],
      'a message whose address is another': [
        'the address is another',
        async () => await message((data) => ({ ...data, address: OTHER.publicKey() })),
      ],
      'a message signed by another key': [
        'the signature does not fit',
        async () => {
          const terms = termsFor()
          return withMessage(terms, await verifier.challenge(terms), OTHER)
        },
      ],
      'a message signed without the prefix of SEP-53': [
        'the signature does not fit',
        async () =>
          await message((data) => {
            const bytes = PAIR.sign(new Uint8Array(Buffer.from(String(data['message']))))
            return { ...data, signature: base64(bytes) }
          }),
      ],
      'a malleated signature': [
        'the signature is not canonical',
        async () => await messageSignature(malleated),
      ],
      'a signature of a point of small order': [
        'the signature is not canonical',
        async () => await messageSignature((bytes) => concat(NEUTRAL, bytes.subarray(32))),
      ],
      'a truncated signature': [
        'the signature has not 64 bytes',
        async () => await messageSignature((bytes) => bytes.slice(0, 63)),
      ],
      'an oversized signature': [
        'provider_data: signature: too_big',
        async () => await messageSignature((bytes) => concat(bytes, bytes)),
      ],
      'a key of small order': [
        'the key is of small order or not canonical',
        async () => ({ ...(await message()), publicKey: StrKey.encodeEd25519PublicKey(NEUTRAL) }),
      ],
      'a contract account': [
        'contract accounts cannot sign in',
        async () => ({
          ...(await message()),
          publicKey: StrKey.encodeContract(new Uint8Array(32).fill(9)),
        }),
      ],
      'no data': ['provider_data: the whole: invalid_type', async () => await message(() => null)],
      'a list for data': [
        'provider_data: the whole: invalid_type',
        async () => await message((data) => [data]),
      ],
      'data without a message': [
        'provider_data: message: invalid_type',
        async () => await message(({ address, signature }) => ({ address, signature })),
      ],
    }
    for (const [name, [reason, make]] of Object.entries(attacks)) {
      it(`for ${name}`, async () => {
        expect(await refusal(verifier.verify(await make()))).to.equal(reason)
      })
    }
  })

  describe('of an account that is looked up', () => {
    const at = (...urls: readonly string[]): StellarWallet =>
      wallet({ endpoints: urls.map((url) => ({ url })) })
    const signedBy = async (verifier: StellarWallet, pairs: readonly Keypair[]) => {
      const terms = termsFor()
      return withTransaction(terms, await verifier.challenge(terms), pairs)
    }
    const MASTER = { key: ACCOUNT, weight: 1 }

    it('is let in by its master key when the network does not know it, which is asked each time', async () => {
      await using horizon = await loopback(NOT_FOUND)
      const verifier = at(horizon.url)
      for (let i = 1; i <= 2; i++) {
        expect(await verifier.verify(await signedBy(verifier, [PAIR]))).to.deep.equal({
          ...{ subject: `stellar:${ACCOUNT}`, mayChange: true },
          witness: { signers: [ACCOUNT] },
        })
        expect(horizon.asked).to.have.length(i)
      }
    })

    it('is let in by signers that weigh enough together, asked for once a minute', async () => {
      const signers = [MASTER, { key: SECOND.publicKey(), weight: 2 }]
      await using horizon = await loopback(saying(accountAnswer(signers, 3)))
      const verifier = at(`${horizon.url}/horizon`)
      const { witness } = await verifier.verify(await signedBy(verifier, [PAIR, SECOND]))
      expect(witness).to.deep.equal({ signers: [ACCOUNT, SECOND.publicKey()] })
      for (const pair of [PAIR, SECOND]) {
        const reason = await refusal(verifier.verify(await signedBy(verifier, [pair])))
        expect(reason).to.match(/^signers with weight \d do not meet threshold 3/)
      }
      expect(horizon.asked.map(({ url }) => url)).to.deep.equal([`/horizon/accounts/${ACCOUNT}`])
    })

    it('is refused with a master key that its owner has disowned, in either form', async () => {
      const signers = [
        { key: ACCOUNT, weight: 0 },
        { key: SECOND.publicKey(), weight: 1 },
      ]
      await using horizon = await loopback(saying(accountAnswer(signers, 0)))
      const verifier = at(horizon.url)
      expect(await refusal(verifier.verify(await signedBy(verifier, [PAIR])))).to.equal(
        'a signature is of no signer of the account',
      )
      const terms = termsFor()
      const message = withMessage(terms, await verifier.challenge(terms))
      expect(await refusal(verifier.verify(message))).to.equal('the key does not weigh enough')
      const second = await verifier.verify(await signedBy(verifier, [SECOND]))
      expect(second.subject).to.equal(`stellar:${ACCOUNT}`)
    })

    it('takes a signer by hash for no key', async () => {
      const key = StrKey.encodeSha256Hash(new Uint8Array(32).fill(3))
      const signers = [MASTER, { key, weight: 9, type: 'sha256_hash' }]
      await using horizon = await loopback(saying(accountAnswer(signers, 2)))
      const verifier = at(horizon.url)
      const reason = await refusal(verifier.verify(await signedBy(verifier, [PAIR])))
      expect(reason).to.match(/^signers with weight 1 do not meet threshold 2/)
    })

    const faults: Readonly<Record<string, Answer>> = {
      ...FAULTS,
      'answers for another account': saying(
        accountAnswer([{ key: OTHER.publicKey(), weight: 1 }], 0, OTHER.publicKey()),
      ),
      'answers at great length': saying(accountAnswer([MASTER]) + ' '.repeat(1024 * 1024)),
      'lists no signers': saying(JSON.stringify({ account_id: ACCOUNT })),
      'lists signers without end': saying(accountAnswer(Array.from({ length: 50 }, () => MASTER))),
      'weighs below nothing': saying(accountAnswer([{ key: ACCOUNT, weight: -1 }])),
    }
    for (const [name, answer] of Object.entries(faults)) {
      it(`is neither let in nor refused when Horizon ${name}, after three tries`, async () => {
        await using horizon = await loopback(answer)
        const verifier = at(horizon.url)
        const work = verifier.verify(await signedBy(verifier, [PAIR]))
        expect(await rejectionCode(work)).to.equal('AUTH_CHAIN_UNAVAILABLE')
        expect(horizon.asked).to.have.length(3)
      })

      it(`is let in by the next when the first Horizon ${name}`, async () => {
        await using horizon = await loopback(answer)
        await using good = await loopback(saying(accountAnswer([MASTER])))
        const verifier = at(horizon.url, good.url)
        const { subject } = await verifier.verify(await signedBy(verifier, [PAIR]))
        expect(subject).to.equal(`stellar:${ACCOUNT}`)
        expect([horizon.asked.length, good.asked.length]).to.deep.equal([1, 1])
      })
    }

    it('ends with its caller’s patience while Horizon says nothing', async () => {
      await using horizon = await loopback(() => {})
      const verifier = at(horizon.url)
      const work = verifier.verify(await signedBy(verifier, [PAIR]), {
        signal: AbortSignal.timeout(50),
      })
      expect(await rejectionCode(work)).to.equal('ABORTED')
    })

    it('is asked about again, whatever was kept, when its tokens are to be renewed', async () => {
      let answer = accountAnswer([MASTER])
      await using horizon = await loopback((_, response) => response.end(answer))
      const verifier = at(horizon.url)
      const subject = await verifier.verify(await signedBy(verifier, [PAIR]))
      expect(await verifier.isStill?.(subject)).to.equal(true)
      answer = accountAnswer([
        { key: ACCOUNT, weight: 0 },
        { key: SECOND.publicKey(), weight: 1 },
      ])
      expect(await verifier.isStill?.(subject)).to.equal(false)
      expect(await verifier.isStill?.({ ...subject, witness: 'x' })).to.equal(false)
      expect(await verifier.isStill?.({ ...subject, subject: 'stellar:x' })).to.equal(false)
    })
  })
})
