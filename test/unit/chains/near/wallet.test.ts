import { expect } from 'chai'
import { KeyPair, KeyPairSigner } from 'near-api-js'
import type {
  ChallengeTerms,
  SignInAttempt,
  WalletVerifier,
} from '../../../../src/auth/wallet-verifier.ts'
import { nearWallet, type NearWalletInit } from '../../../../src/chains/near/wallet.ts'
import { concat, fromHex, toBase58, toHex } from '../../../../src/node/primitives/bytes.ts'
import { rejectionCode } from '../../../support/error-code.ts'
import { type Asked, FAULTS, loopback } from '../../../support/loopback.ts'
import {
  malleated,
  NEUTRAL,
  quickClock,
  refusal,
  signInTerms,
} from '../../../support/sign-in-attempts.ts'

const PAIR = KeyPair.fromRandom('ed25519')
const KEY = PAIR.getPublicKey()
const IMPLICIT = toHex(KEY.data)
const CALLBACK = 'https://app.example/signed'

function wallet(init: Partial<NearWalletInit> = {}): WalletVerifier {
  return nearWallet({ network: 'testnet', ...init })({ clock: quickClock })
}

interface Signed {
  readonly accountId?: string
  readonly pair?: KeyPair
  readonly recipient?: string
  readonly callbackUrl?: string
  /** What the wallet signs instead of the terms' own. */
  readonly message?: string
  readonly nonce?: string
}

/** What NEAR's own library signs for the terms, as a client sends it. */
async function attempt(
  verifier: WalletVerifier,
  terms: ChallengeTerms,
  signed: Signed = {},
): Promise<SignInAttempt & { data: Record<string, unknown> }> {
  const { accountId = IMPLICIT, pair = PAIR, recipient = 'calimero', callbackUrl } = signed
  const challenge = await verifier.challenge(terms)
  const message = signed.message ?? challenge.message ?? ''
  const signer = new KeyPairSigner(pair)
  const { signature, publicKey } = await signer.signNep413Message(accountId, {
    ...{ message, recipient, nonce: fromHex(signed.nonce ?? terms.nonce) },
    ...(callbackUrl === undefined ? {} : { callbackUrl }),
  })
  return {
    ...{ terms, challenge, publicKey: publicKey.toString() },
    data: {
      wallet_address: accountId,
      message,
      signature: Buffer.from(signature).toString('base64'),
    },
  }
}

/** An endpoint's answer to `query`, as nearcore writes it. */
function answering(result: (params: Record<string, string>) => unknown) {
  return (asked: Asked, response: { end(text: string): unknown }): void => {
    const { id, params } = JSON.parse(asked.body) as { id: string; params: Record<string, string> }
    response.end(JSON.stringify({ jsonrpc: '2.0', id, ...(result(params) as object) }))
  }
}

const BLOCK = {
  block_height: 187310138,
  block_hash: 'EM7Ym1rDhvsgXnXdZYRBhbfQbBN3B2Ygq64AMdPFWhXi',
}
const FULL = answering(() => ({ result: { nonce: 85, permission: 'FullAccess', ...BLOCK } }))
const FOR_FUNCTIONS = answering(() => ({
  result: {
    nonce: 85,
    permission: {
      FunctionCall: {
        allowance: '18501534631167209000000000',
        receiver_id: 'a.near',
        method_names: [],
      },
    },
    ...BLOCK,
  },
}))
const NO_KEY = answering(({ public_key }) => ({
  error: {
    ...{ name: 'HANDLER_ERROR', code: -32000, message: 'Server error' },
    cause: { name: 'UNKNOWN_ACCESS_KEY', info: { public_key, ...BLOCK } },
  },
}))
const NO_ACCOUNT = answering(({ account_id }) => ({
  error: {
    ...{ name: 'HANDLER_ERROR', code: -32000, message: 'Server error' },
    cause: { name: 'UNKNOWN_ACCOUNT', info: { requested_account_id: account_id, ...BLOCK } },
  },
}))
const NO_KEY_OLD = answering(({ public_key }) => ({
  result: { error: `access key ${public_key} does not exist while viewing`, logs: [], ...BLOCK },
}))
const NOT_SYNCED = answering(() => ({
  error: { name: 'HANDLER_ERROR', cause: { name: 'NO_SYNCED_BLOCKS', info: {} } },
}))
const OF_OTHER = answering(() => ({
  error: {
    name: 'HANDLER_ERROR',
    cause: { name: 'UNKNOWN_ACCOUNT', info: { requested_account_id: 'mallory.testnet' } },
  },
}))

describe('a NEAR wallet', () => {
  it('is let in with the signature that the chain’s own library makes, and is its account', async () => {
    const verifier = wallet()
    const signed = await attempt(verifier, signInTerms())
    expect(await verifier.verify(signed)).to.deep.equal({ subject: `near:${IMPLICIT}` })
  })

  it('is let in with a callback that is the node’s own or configured', async () => {
    const verifier = wallet({ callbackUrls: [CALLBACK] })
    for (const callbackUrl of [`${CALLBACK}?a=1#b`, 'https://node.example/auth/login?x=y']) {
      const signed = await attempt(verifier, signInTerms(), { callbackUrl })
      const data = { ...signed.data, callback_url: callbackUrl }
      expect((await verifier.verify({ ...signed, data })).subject).to.equal(`near:${IMPLICIT}`)
    }
  })

  it('tells a wallet what else to sign', async () => {
    const terms = signInTerms()
    expect((await wallet().challenge(terms)).parameters).to.deep.equal({
      ...{ recipient: 'calimero', network: 'testnet' },
      nonce: Buffer.from(terms.nonce, 'hex').toString('base64'),
    })
  })

  it('makes no challenge for what is no account, or for another network', async () => {
    for (const subject of ['', 'a', 'Alice.near', 'a..b', 'a\nb', `0x${'a'.repeat(40)}`]) {
      const work = wallet().challenge(signInTerms({ subject }))
      expect(await rejectionCode(work), subject).to.equal('AUTH_BAD_REQUEST')
    }
    const other = wallet().challenge(signInTerms({ network: 'mainnet' }))
    expect(await rejectionCode(other)).to.equal('AUTH_BAD_REQUEST')
  })

  it('refuses to be set up with an endpoint that is no address', () => {
    expect(() => wallet({ endpoints: [{ url: 'ftp://rpc.example' }] })).to.throw(TypeError)
    expect(() => wallet({ endpoints: [{ url: 'http://a:b@rpc.example' }] })).to.throw(TypeError)
  })

  describe('is refused', () => {
    const verifier = wallet({ callbackUrls: [CALLBACK] })
    const other = KeyPair.fromRandom('ed25519')
    type Made = SignInAttempt & { data: Record<string, unknown> }
    const made = (signed: Signed = {}, terms = signInTerms()): Promise<Made> =>
      attempt(verifier, terms, signed)
    const withData = async (
      change: (data: Record<string, unknown>) => unknown,
      signed: Signed = {},
    ): Promise<SignInAttempt> => {
      const one = await made(signed)
      return { ...one, data: change(one.data) }
    }
    const withSignature = (change: (signature: Uint8Array) => Uint8Array): Promise<SignInAttempt> =>
      withData((data) => ({
        ...data,
        signature: Buffer.from(
          change(new Uint8Array(Buffer.from(String(data['signature']), 'base64'))),
        ).toString('base64'),
      }))
    const fromNow = (ms: number): number => Date.now() + ms // when it runs, not when it is loaded

    const attacks: Record<string, readonly [reason: string, () => Promise<SignInAttempt>]> = {
      'an answer to another challenge': [
        'the message is not that of the challenge',
        async () => ({ ...(await made()), terms: signInTerms() }),
      ],
      'a message for another domain': [
        'the message is not that of the challenge',
        async () => {
          const elsewhere = signInTerms({ domain: 'evil.example', origin: 'https://evil.example' })
          const one = await made({}, elsewhere)
          return { ...one, terms: signInTerms({ nonce: elsewhere.nonce }) }
        },
      ],
      'another nonce': [
        'the signature does not fit',
        async () => await made({ nonce: 'cd'.repeat(32) }),
      ],
      'an expired challenge': [
        'the challenge expired',
        async () =>
          await made({}, signInTerms({ issuedAtMs: fromNow(-300_001), expiresAtMs: fromNow(-1) })),
      ],
      'a challenge of the future': [
        'the challenge lies in the future',
        async () =>
          await made(
            {},
            signInTerms({ issuedAtMs: fromNow(90_000), expiresAtMs: fromNow(390_000) }),
          ),
      ],
      'a challenge of another network': [
        'the challenge was made for another network',
        async () => {
          const one = await made()
          return { ...one, terms: { ...one.terms, network: 'mainnet' } }
        },
      ],
      'a message signed for another network': [
        'the message is not that of the challenge',
        async () => {
          const terms = signInTerms()
          return { ...(await attempt(wallet({ network: 'mainnet' }), terms)), terms }
        },
      ],
      'another recipient': [
        'the signature does not fit',
        async () => await made({ recipient: 'evil.near' }),
      ],
      'another recipient that is owned up to': [
        'the recipient is another',
        async () =>
          await withData((data) => ({ ...data, recipient: 'evil.near' }), {
            recipient: 'evil.near',
          }),
      ],
      'an altered message': [
        'the message is not that of the challenge',
        async () => await made({ message: 'Sign in' }),
      ],
      'a message altered after it was signed': [
        'the message is not that of the challenge',
        async () => await withData((data) => ({ ...data, message: `${String(data['message'])} ` })),
      ],
      'another key': [
        'the signature does not fit',
        async () => ({ ...(await made()), publicKey: other.getPublicKey().toString() }),
      ],
      'another account than the challenge was made for': [
        'the challenge was made for another account',
        async () => {
          const one = await made()
          return { ...one, terms: { ...one.terms, subject: 'alice.testnet' } }
        },
      ],
      'a malleated signature': [
        'the signature is not canonical',
        async () => await withSignature(malleated),
      ],
      'a signature of a point of small order': [
        'the signature is not canonical',
        async () => await withSignature((signature) => concat(NEUTRAL, signature.subarray(32))),
      ],
      'a key of small order, which has signed everything': [
        'the key is of small order or not canonical',
        async () => ({ ...(await made()), publicKey: `ed25519:${toBase58(NEUTRAL)}` }),
      ],
      'a key of another curve': [
        'the public key is not one of ed25519',
        async () => ({
          ...(await made()),
          publicKey: KeyPair.fromRandom('secp256k1').getPublicKey().toString(),
        }),
      ],
      'a key that is too short': [
        'the public key cannot be read',
        async () => ({ ...(await made()), publicKey: `ed25519:${toBase58(KEY.data.slice(1))}` }),
      ],
      'a key without its curve': [
        'the public key is not one of ed25519',
        async () => ({ ...(await made()), publicKey: toBase58(KEY.data) }),
      ],
      'a truncated signature': [
        'the signature has not 64 bytes',
        async () => await withSignature((signature) => signature.slice(0, 63)),
      ],
      'an oversized signature': [
        'provider_data: signature: too_big',
        async () => await withSignature((signature) => concat(signature, signature)),
      ],
      'a signature that is not in base64': [
        'the signature is not in base64',
        async () => await withData((data) => ({ ...data, signature: '-_'.repeat(43) })),
      ],
      'a changed signature': [
        'the signature does not fit',
        async () =>
          await withSignature((signature) =>
            signature.map((byte, i) => (i === 5 ? byte ^ 1 : byte)),
          ),
      ],
      'an oversized message': [
        'provider_data: message: too_big',
        async () => await withData((data) => ({ ...data, message: 'x'.repeat(1_000_000) })),
      ],
      'an account of Ethereum': [
        'accounts of that kind cannot sign in',
        async () => await withData((data) => ({ ...data, wallet_address: `0x${'a'.repeat(40)}` })),
      ],
      'an account that is none': [
        'the account is no id of NEAR',
        async () => await withData((data) => ({ ...data, wallet_address: '../alice.testnet' })),
      ],
      'a callback that is not allowed': [
        'the signature does not fit, and the callback is not allowed',
        async () =>
          await withData((data) => ({ ...data, callback_url: 'https://evil.example/signed' }), {
            callbackUrl: 'https://evil.example/signed',
          }),
      ],
      'a callback to a page beside the allowed one': [
        'the signature does not fit, and the callback is not allowed',
        async () =>
          await withData((data) => ({ ...data, callback_url: `${CALLBACK}/../other` }), {
            callbackUrl: `${CALLBACK}/../other`,
          }),
      ],
      'a callback that is no address': [
        'the signature does not fit, and the callback is not allowed',
        async () =>
          await withData((data) => ({ ...data, callback_url: 'nowhere' }), {
            callbackUrl: 'nowhere',
          }),
      ],
      'an allowed callback that was not signed': [
        'the signature fits neither with the callback nor without',
        async () =>
          await withData((data) => ({ ...data, callback_url: CALLBACK }), {
            callbackUrl: 'https://evil.example',
          }),
      ],
      'no data': [
        'provider_data: the whole: invalid_type',
        async () => await withData(() => undefined),
      ],
      'a list for data': [
        'provider_data: the whole: invalid_type',
        async () => await withData((data) => [data]),
      ],
      'a number for a signature': [
        'provider_data: signature: invalid_type',
        async () => await withData((data) => ({ ...data, signature: 7 })),
      ],
    }
    for (const [name, [reason, make]] of Object.entries(attacks)) {
      it(`for ${name}`, async () => {
        expect(await refusal(verifier.verify(await make()))).to.equal(reason)
      })
    }
  })

  describe('of a named account', () => {
    const accountId = 'alice.testnet'

    it('is let in by a key with full access, which is asked for once a minute', async () => {
      await using rpc = await loopback(FULL)
      const endpoint = { url: rpc.url, headers: { 'x-api-key': 'k' } }
      const verifier = wallet({ endpoints: [endpoint] })
      const expected = {
        ...{ subject: 'near:alice.testnet', mayChange: true },
        witness: { publicKey: KEY.toString() },
      }
      for (let i = 0; i < 3; i++) {
        const signed = await attempt(verifier, signInTerms({ subject: accountId }), { accountId })
        expect(await verifier.verify(signed)).to.deep.equal(expected)
      }
      expect(rpc.asked).to.have.length(1)
      const [{ body, headers } = { body: '', headers: {} as Asked['headers'] }] = rpc.asked
      expect(headers['x-api-key']).to.equal('k')
      const { method, params } = JSON.parse(body) as { method: string; params: unknown }
      expect({ method, params }).to.deep.equal({
        method: 'query',
        params: {
          ...{ request_type: 'view_access_key', finality: 'final', account_id: accountId },
          public_key: KEY.toString(),
        },
      })
    })

    const refusals = {
      'a key that may only call functions': [
        'the key has no full access to the account',
        FOR_FUNCTIONS,
      ],
      'a key that the account does not have': ['the account has no such key', NO_KEY],
      'an account that does not exist': ['the account has no such key', NO_ACCOUNT],
      'a key that an old endpoint does not find': ['the account has no such key', NO_KEY_OLD],
    } as const
    for (const [name, [reason, answer]] of Object.entries(refusals)) {
      it(`is refused for ${name}, and asked for again`, async () => {
        await using rpc = await loopback(answer)
        const verifier = wallet({ endpoints: [{ url: rpc.url }] })
        for (let i = 1; i <= 2; i++) {
          const signed = await attempt(verifier, signInTerms(), { accountId })
          expect(await refusal(verifier.verify(signed))).to.equal(reason)
          expect(rpc.asked).to.have.length(i)
        }
      })
    }

    it('is refused for an implicit account of another key', async () => {
      await using rpc = await loopback(NO_KEY)
      const verifier = wallet({ endpoints: [{ url: rpc.url }] })
      const victim = toHex(KeyPair.fromRandom('ed25519').getPublicKey().data)
      const signed = await attempt(verifier, signInTerms(), { accountId: victim })
      expect(await refusal(verifier.verify(signed))).to.equal('the account has no such key')
    })

    it('asks nothing for a signature that does not fit', async () => {
      await using rpc = await loopback(FULL)
      const verifier = wallet({ endpoints: [{ url: rpc.url }] })
      const signed = await attempt(verifier, signInTerms(), { accountId, nonce: '00'.repeat(32) })
      expect(await refusal(verifier.verify(signed))).to.equal('the signature does not fit')
      expect(rpc.asked).to.have.length(0)
    })

    it('is neither let in nor refused when no endpoint is configured', async () => {
      const signed = await attempt(wallet(), signInTerms(), { accountId })
      expect(await rejectionCode(wallet().verify(signed))).to.equal('AUTH_CHAIN_UNAVAILABLE')
    })

    const faults = {
      ...FAULTS,
      'has no block yet': NOT_SYNCED,
      'answers for another account': OF_OTHER,
      'answers another question': (_: Asked, response: { end(text: string): unknown }) =>
        response.end(
          JSON.stringify({ id: '0', result: { permission: 'FullAccess', nonce: 1, ...BLOCK } }),
        ),
      'answers at great length': answering(() => ({
        result: { nonce: 85, permission: 'FullAccess', ...BLOCK, more: ' '.repeat(100_000) },
      })),
      'grants without words': answering(() => ({ result: { nonce: 1, ...BLOCK } })),
    }
    for (const [name, answer] of Object.entries(faults)) {
      it(`is neither let in nor refused when the endpoint ${name}, after three tries`, async () => {
        await using rpc = await loopback(answer)
        const verifier = wallet({ endpoints: [{ url: rpc.url }] })
        const signed = await attempt(verifier, signInTerms(), { accountId })
        expect(await rejectionCode(verifier.verify(signed))).to.equal('AUTH_CHAIN_UNAVAILABLE')
        expect(rpc.asked).to.have.length(3)
      })

      it(`is let in by the next endpoint when the first ${name}`, async () => {
        await using rpc = await loopback(answer)
        await using good = await loopback(FULL)
        const verifier = wallet({ endpoints: [{ url: rpc.url }, { url: good.url }] })
        const signed = await attempt(verifier, signInTerms(), { accountId })
        expect((await verifier.verify(signed)).subject).to.equal('near:alice.testnet')
        expect([rpc.asked.length, good.asked.length]).to.deep.equal([1, 1])
      })
    }

    it('is let in by the next endpoint when the first hangs', async function () {
      this.timeout(15_000)
      await using rpc = await loopback(() => {})
      await using good = await loopback(FULL)
      const verifier = wallet({ endpoints: [{ url: rpc.url }, { url: good.url }] })
      const signed = await attempt(verifier, signInTerms(), { accountId })
      expect((await verifier.verify(signed)).subject).to.equal('near:alice.testnet')
    })

    it('ends with its caller’s patience while an endpoint says nothing', async () => {
      await using rpc = await loopback(() => {})
      const verifier = wallet({ endpoints: [{ url: rpc.url }] })
      const signed = await attempt(verifier, signInTerms(), { accountId })
      const work = verifier.verify(signed, { signal: AbortSignal.timeout(50) })
      expect(await rejectionCode(work)).to.equal('ABORTED')
    })

    it('is asked about again, whatever was kept, when its tokens are to be renewed', async () => {
      let answer = FULL
      await using rpc = await loopback((asked, response) => answer(asked, response))
      const verifier = wallet({ endpoints: [{ url: rpc.url }] })
      const subject = await verifier.verify(await attempt(verifier, signInTerms(), { accountId }))
      expect(await verifier.isStill?.(subject)).to.equal(true)
      answer = NO_KEY
      expect(await verifier.isStill?.(subject)).to.equal(false)
      const again = await attempt(verifier, signInTerms(), { accountId })
      expect(await refusal(verifier.verify(again))).to.equal('the account has no such key')
      expect(await verifier.isStill?.({ subject: 'near:a.near', witness: 5 })).to.equal(false)
    })
  })
})
