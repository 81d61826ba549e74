import { generateKeyPairSync, sign as cryptoSign } from 'node:crypto'
import { Cbor, Certificate, IC_ROOT_KEY as LIBRARY_ROOT_KEY, SignIdentity } from '@dfinity/agent'
import type { PublicKey, Signature } from '@dfinity/agent'
import {
  DelegationChain,
  DelegationIdentity,
  ECDSAKeyIdentity,
  Ed25519KeyIdentity,
} from '@dfinity/identity'
import { Principal } from '@dfinity/principal'
import { expect } from 'chai'
import fc from 'fast-check'
import type { ChallengeTerms } from '../../../../src/auth/wallet-verifier.ts'
import { IC_ROOT_KEY, INTERNET_IDENTITY } from '../../../../src/chains/icp/constants.ts'
import { loginBytes } from '../../../../src/chains/icp/sign-in/sign-in.ts'
import { icpWallet } from '../../../../src/chains/icp/wallet.ts'
import { concat, fromHex, toHex, utf8 } from '../../../../src/node/primitives/bytes.ts'
import { rejectionCode } from '../../../support/error-code.ts'
import { handClock, START_MS } from '../../../support/hand-clock.ts'
import {
  canisterKey,
  type IcpQuirks,
  labeled,
  leaf,
  pruned,
  testNetwork,
} from '../../../support/icp.ts'
import {
  fixedTerms,
  isRefused,
  malleated,
  refusal,
  signInWith,
} from '../../../support/sign-in-attempts.ts'

const DAY_MS = 86_400_000
const network = testNetwork(1)
const rootKey = toHex(network.rootKey)
const verifier = icpWallet({ rootKey, clock: handClock() })

const owner = Ed25519KeyIdentity.generate(new Uint8Array(32).fill(1))
const session = Ed25519KeyIdentity.generate(new Uint8Array(32).fill(2))
const middle = Ed25519KeyIdentity.generate(new Uint8Array(32).fill(3))
const stranger = Ed25519KeyIdentity.generate(new Uint8Array(32).fill(4))

const soon = (ms = 3_600_000): Date => new Date(START_MS + ms)

/** Order of secp256k1. */
const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

/** A signer of secp256k1, as the library's identities of other packages are. */
class Secp256k1Identity extends SignIdentity {
  readonly #pair = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })

  getPublicKey(): PublicKey {
    const der = new Uint8Array(this.#pair.publicKey.export({ format: 'der', type: 'spki' }))
    return { toDer: () => der }
  }

  async sign(message: Uint8Array): Promise<Signature> {
    const key = { key: this.#pair.privateKey, dsaEncoding: 'ieee-p1363' } as const
    const made = new Uint8Array(cryptoSign('sha256', message, key))
    return lowS(made) as unknown as Signature // branded only
  }
}

const sOf = (signature: Uint8Array): bigint => BigInt(`0x${toHex(signature.subarray(32))}`)
const withS = (signature: Uint8Array, s: bigint): Uint8Array =>
  concat(signature.subarray(0, 32), fromHex(s.toString(16).padStart(64, '0')))
const lowS = (signature: Uint8Array): Uint8Array =>
  sOf(signature) > N / 2n ? withS(signature, N - sOf(signature)) : signature

interface Data {
  message: unknown
  signature: unknown
  session_key: unknown
  delegation_chain: unknown
}
type ChainJson = {
  publicKey: string
  delegations: {
    delegation: { expiration: string; pubkey: string; targets?: unknown }
    signature: string
  }[]
}

interface Attempt {
  /** Whose key signs the text. @default session */
  readonly by?: SignIdentity
  /** @default no chain: the key's own principal */
  readonly chain?: DelegationChain
  readonly terms?: Partial<ChallengeTerms>
  /** What is done to the answer. */
  readonly change?: (data: Data & { chain: ChainJson }) => Partial<Data>
  readonly publicKey?: string
  readonly wallet?: ReturnType<typeof icpWallet>
  /** What is signed in place of what should be. */
  readonly signs?: (message: string) => Uint8Array
}

const derOf = (identity: SignIdentity): Uint8Array =>
  new Uint8Array(identity.getPublicKey().toDer())
const principalOf = (der: Uint8Array): string => Principal.selfAuthenticating(der).toText()

async function signIn(attempt: Attempt): Promise<{ subject: string }> {
  const { by = session, chain, wallet = verifier, signs = loginBytes } = attempt
  const principal = principalOf(new Uint8Array(chain?.publicKey ?? derOf(by)))
  const terms = fixedTerms({ subject: principal, ...attempt.terms })
  return signInWith(wallet, terms, async (message = '') => {
    const json = chain === undefined ? null : (JSON.parse(JSON.stringify(chain)) as ChainJson)
    const data: Data = {
      message,
      signature: toHex(new Uint8Array(await by.sign(signs(message)))),
      session_key: toHex(derOf(by)),
      delegation_chain: json,
    }
    const changed = attempt.change?.({ ...data, chain: json as ChainJson }) ?? {}
    return { publicKey: attempt.publicKey ?? principal, data: { ...data, ...changed } }
  })
}

async function ownerChain(expiration: Date = soon()): Promise<DelegationChain> {
  return DelegationChain.create(owner, session.getPublicKey(), expiration)
}

async function canisterChain(
  quirks: IcpQuirks = {},
  canister?: Principal,
): Promise<DelegationChain> {
  const identity = network.identity('alice', quirks, canister)
  return DelegationChain.create(identity, session.getPublicKey(), soon())
}

/** Changes one byte of a hexadecimal text. */
const flip = (text: string, at = 0): string => {
  const bytes = fromHex(text)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  return toHex(bytes)
}

describe('Internet Computer wallet', () => {
  it('is asked to sign a text with its principal, on one network', async () => {
    const subject = owner.getPrincipal().toText()
    const mainnet = icpWallet()
    const { message, parameters } = await mainnet.challenge(fixedTerms({ subject }))
    // the root key's hash, as wallets name the main network
    const chainId = 'icp:737ba355e855bd4b61279056603e0550'
    expect(parameters).to.deep.equal({ chain_id: chainId })
    expect(message?.split('\n').slice(0, 8)).to.deep.equal([
      'node.example wants you to sign in with your Internet Computer account:',
      ...[subject, '', 'Sign in to Calimero node', ''],
      ...['URI: https://node.example', 'Version: 1', `Chain ID: ${chainId}`],
    ])
    const local = await verifier.challenge(fixedTerms({ subject }))
    expect(local.parameters).to.not.deep.equal(parameters)
    expect(IC_ROOT_KEY).to.equal(LIBRARY_ROOT_KEY)
  })

  it('is asked nothing without the principal of a key', async () => {
    const wrong: Partial<ChallengeTerms>[] = [
      {},
      { subject: 'alice' },
      { subject: '2vxsx-fae' }, // anonymous
      { subject: INTERNET_IDENTITY }, // a canister
      { subject: owner.getPrincipal().toText().toUpperCase() },
      { subject: `${owner.getPrincipal().toText()}a` },
      { subject: '{"__principal__":"2vxsx-fae"}' },
      { subject: owner.getPrincipal().toText(), network: 'icp:1' },
      { subject: owner.getPrincipal().toText(), permissions: ['x'.repeat(20_000)] },
    ]
    for (const changes of wrong) {
      const code = await rejectionCode(verifier.challenge(fixedTerms(changes)))
      expect(code, JSON.stringify(changes).slice(0, 80)).to.equal('AUTH_BAD_REQUEST')
    }
  })

  it('is not made with a root key or canisters that are none', async () => {
    const terms = fixedTerms({ subject: owner.getPrincipal().toText() })
    for (const init of [{ rootKey: '00' }, { canisters: ['alice'] }]) {
      const made = icpWallet(init).challenge(terms)
      expect(await made.catch((error: unknown) => error)).to.be.instanceOf(TypeError)
    }
  })

  describe('lets in', () => {
    const subjectOf = (identity: SignIdentity): string => `icp:${identity.getPrincipal().toText()}`

    it('whose own key signs, of ed25519, P-256 and secp256k1', async () => {
      const p256 = await ECDSAKeyIdentity.generate()
      for (const by of [owner, p256, new Secp256k1Identity()]) {
        expect(await signIn({ by })).to.deep.equal({ subject: subjectOf(by) })
      }
    })

    it('whose browser made either form of a P-256 signature', async () => {
      const by = await ECDSAKeyIdentity.generate()
      for (let i = 0; i < 8; i++) {
        expect((await signIn({ by, terms: { nonce: `${i}`.repeat(64) } })).subject).to.equal(
          subjectOf(by),
        )
      }
    })

    it('who lent a session key what it may, over one link or five', async () => {
      const one = await ownerChain()
      expect(await signIn({ chain: one })).to.deep.equal({ subject: subjectOf(owner) })
      const p256 = await ECDSAKeyIdentity.generate()
      const k1 = new Secp256k1Identity()
      const keys: SignIdentity[] = [owner, p256, k1, middle, stranger, session]
      let chain: DelegationChain | undefined
      for (const [at, key] of keys.slice(1).entries()) {
        const from = keys[at] ?? owner
        const previous = chain === undefined ? {} : { previous: chain }
        chain = await DelegationChain.create(from, key.getPublicKey(), soon(), previous)
      }
      expect(chain?.delegations.length).to.equal(5)
      expect(await signIn(chain === undefined ? {} : { chain })).to.deep.equal({
        subject: subjectOf(owner),
      })
    })

    it('who signs through the identity that the library makes of a chain', async () => {
      const chain = await ownerChain()
      const identity = DelegationIdentity.fromDelegation(session, chain)
      const found = await signIn({ chain, change: () => ({}) })
      expect(found.subject).to.equal(subjectOf(identity))
    })

    it('whom Internet Identity signed for, on a subnet and on the root subnet', async () => {
      const subject = `icp:${network.identity('alice').getPrincipal().toText()}`
      for (const quirks of [{}, { ranges: 'tree' }, { isRoot: true }] as IcpQuirks[]) {
        const found = await signIn({ chain: await canisterChain(quirks) })
        expect(found, JSON.stringify(quirks)).to.deep.equal({ subject })
      }
      // and its link lent on
      const chain = await DelegationChain.create(middle, session.getPublicKey(), soon(), {
        previous: await DelegationChain.create(
          network.identity('alice'),
          middle.getPublicKey(),
          soon(),
        ),
      })
      expect(await signIn({ chain })).to.deep.equal({ subject })
    })

    it('whoever another canister signed for, when that is configured', async () => {
      const canister = Principal.fromText('ryjl3-tyaaa-aaaaa-aaaba-cai')
      const chain = await canisterChain({}, canister)
      const wallet = icpWallet({ rootKey, canisters: [canister.toText()], clock: handClock() })
      const found = await signIn({ chain, wallet })
      expect(found.subject).to.equal(
        `icp:${network.identity('alice', {}, canister).getPrincipal().toText()}`,
      )
    })
  })

  it('takes certificates that the library takes', async () => {
    const { signature } = (await canisterChain()).delegations[0] ?? {}
    const { certificate } = Cbor.decode<{ certificate: Uint8Array }>(
      new Uint8Array(signature ?? []),
    )
    const canisterId = Principal.fromText(INTERNET_IDENTITY)
    const options = { certificate, canisterId, disableTimeVerification: true }
    await Certificate.create({ ...options, rootKey: network.rootKey })
    const foreign = Certificate.create({ ...options, rootKey: testNetwork(7).rootKey })
    expect(await foreign.then(() => 'taken').catch(() => 'refused')).to.equal('refused')
  })

  describe('refuses', () => {
    const table: Record<string, [() => Promise<Attempt> | Attempt, string]> = {
      'another text': [
        () => ({ change: () => ({ message: 'hello' }) }),
        'not the text that was issued',
      ],
      'a text of another domain': [
        () => ({
          change: ({ message }) => ({ message: String(message).replace('node', 'evil') }),
        }),
        'not the text that was issued',
      ],
      'a text with another nonce': [
        () => ({
          change: ({ message }) => ({
            message: String(message).replace(/Nonce: ..../, 'Nonce: 0000'),
          }),
        }),
        'not the text that was issued',
      ],
      'what was signed without the tag': [
        () => ({ signs: utf8 }),
        'the session key did not sign the text',
      ],
      'what was signed under the tag of requests': [
        () => ({ signs: (message) => concat(Uint8Array.of(10), utf8(`ic-request${message}`)) }),
        'the session key did not sign the text',
      ],
      'what was signed of another text': [
        () => ({ signs: (message) => loginBytes(message.replace('node', 'evil')) }),
        'the session key did not sign the text',
      ],
      'the signature of another key': [
        async () => ({
          chain: await ownerChain(),
          by: stranger,
          change: () => ({ session_key: toHex(derOf(session)) }),
        }),
        'the session key did not sign the text',
      ],
      'another principal than was asked': [
        () => ({ terms: { subject: stranger.getPrincipal().toText() } }),
        'another principal than the challenge was issued for',
      ],
      'another principal than the key has': [
        () => ({ publicKey: stranger.getPrincipal().toText() }),
        'public_key is not the principal of the key',
      ],
      'the session key as the principal': [
        async () => ({
          chain: await ownerChain(),
          publicKey: session.getPrincipal().toText(),
          terms: { subject: session.getPrincipal().toText() },
        }),
        'public_key is not the principal of the key',
      ],
      'an ed25519 signature with s and the order': [
        () => ({
          change: ({ signature }) => ({ signature: toHex(malleated(fromHex(String(signature)))) }),
        }),
        'the session key did not sign the text',
      ],
      'a secp256k1 signature with a high s': [
        () => ({
          by: new Secp256k1Identity(),
          change: ({ signature }) => {
            const bytes = fromHex(String(signature))
            return { signature: toHex(withS(bytes, N - sOf(bytes))) }
          },
        }),
        'the session key did not sign the text',
      ],
      'a cut signature': [
        () => ({ change: ({ signature }) => ({ signature: String(signature).slice(2) }) }),
        'the session key did not sign the text',
      ],
      'a longer signature': [
        () => ({ change: ({ signature }) => ({ signature: `${String(signature)}00` }) }),
        'the signature is too long',
      ],
      'a signature that is not hexadecimal': [
        () => ({ change: ({ signature }) => ({ signature: `0x${String(signature).slice(2)}` }) }),
        'the signature is not hexadecimal',
      ],
      'a signature that is a list': [
        () => ({ change: ({ signature }) => ({ signature: [signature] }) }),
        'the signature is no text',
      ],
      'an oversized text': [
        () => ({ change: () => ({ message: 'x'.repeat(16_385) }) }),
        'the message is too long',
      ],
      'an oversized key': [
        () => ({ change: () => ({ session_key: '00'.repeat(129) }) }),
        'the session key is too long',
      ],
      'a key of another algorithm': [
        () => {
          const der = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({
            format: 'der',
            type: 'spki',
          })
          return withKey(new Uint8Array(der))
        },
        'a public key of an algorithm that is not known here',
      ],
      'a key with a byte behind it': [
        () => withKey(concat(derOf(session), Uint8Array.of(0))),
        'a public key of an algorithm that is not known here',
      ],
      'a key of small order': [
        () => withKey(fromHex(`302a300506032b6570032100${'01'.padEnd(64, '0')}`)),
        'the session key did not sign the text',
      ],
      'a key that is no point': [
        () =>
          withKey(
            fromHex(`3059301306072a8648ce3d020106082a8648ce3d03010703420004${'11'.repeat(64)}`),
          ),
        'the session key did not sign the text',
      ],
      'a session key that is a canister': [
        () => withKey(canisterKey(Principal.fromText(INTERNET_IDENTITY), utf8('alice'))),
        'a session key that is a canister',
      ],
      'a forged link': [
        async () => ({
          chain: await ownerChain(),
          change: ({ chain }) =>
            edit(chain, 0, (link) => ({ ...link, signature: '00'.repeat(64) })),
        }),
        'link 0 is not signed by the key before it',
      ],
      'a link by another key': [
        async () => {
          const forged = await DelegationChain.create(stranger, session.getPublicKey(), soon())
          return { chain: DelegationChain.fromDelegations(forged.delegations, derOf(owner)) }
        },
        'link 0 is not signed by the key before it',
      ],
      'an altered expiration': [
        async () => ({
          chain: await ownerChain(),
          change: ({ chain }) =>
            edit(chain, 0, ({ delegation, ...link }) => ({
              ...link,
              delegation: { ...delegation, expiration: nsOf(2 * 3_600_000) },
            })),
        }),
        'link 0 is not signed by the key before it',
      ],
      'an expired link': [async () => ({ chain: await ownerChain(soon(0)) }), 'link 0 is expired'],
      'an expired link above one that is not': [
        async () => ({
          chain: await DelegationChain.create(middle, session.getPublicKey(), soon(), {
            previous: await DelegationChain.create(owner, middle.getPublicKey(), soon(-1)),
          }),
        }),
        'link 0 is expired',
      ],
      'a link for longer than 30 days': [
        async () => ({ chain: await ownerChain(soon(30 * DAY_MS + 60_001)) }),
        'link 0 is valid for too long',
      ],
      'a link for ever': [
        async () => ({
          chain: await ownerChain(),
          change: ({ chain }) =>
            edit(chain, 0, ({ delegation, ...link }) => ({
              ...link,
              delegation: { ...delegation, expiration: 'f'.repeat(16) },
            })),
        }),
        'link 0 is valid for too long',
      ],
      'an expiration of more than 64 bits': [
        async () => ({
          chain: await ownerChain(),
          change: ({ chain }) =>
            edit(chain, 0, ({ delegation, ...link }) => ({
              ...link,
              delegation: { ...delegation, expiration: '1'.repeat(17) },
            })),
        }),
        'the expiration of link 0 is no number',
      ],
      'links in another order': [
        async () => {
          const chain = await DelegationChain.create(middle, session.getPublicKey(), soon(), {
            previous: await DelegationChain.create(owner, middle.getPublicKey(), soon()),
          })
          const turned = [...chain.delegations].reverse()
          return { chain: DelegationChain.fromDelegations(turned, chain.publicKey) }
        },
        'the chain does not lead to the session key',
      ],
      'a chain with a link left out': [
        async () => {
          const chain = await DelegationChain.create(middle, session.getPublicKey(), soon(), {
            previous: await DelegationChain.create(owner, middle.getPublicKey(), soon()),
          })
          const short = chain.delegations.slice(1)
          return { chain: DelegationChain.fromDelegations(short, chain.publicKey) }
        },
        'link 0 is not signed by the key before it',
      ],
      'a chain to another session key': [
        async () => ({
          chain: await DelegationChain.create(owner, stranger.getPublicKey(), soon()),
        }),
        'the chain does not lead to the session key',
      ],
      'a link that is lent for some canisters': [
        async () => ({
          chain: await DelegationChain.create(owner, session.getPublicKey(), soon(), {
            targets: [Principal.fromText(INTERNET_IDENTITY)],
          }),
        }),
        'link 0 is for some canisters only',
      ],
      'a link whose canisters were taken out': [
        async () => ({
          chain: await DelegationChain.create(owner, session.getPublicKey(), soon(), {
            targets: [Principal.fromText(INTERNET_IDENTITY)],
          }),
          change: ({ chain }) =>
            edit(chain, 0, ({ delegation: { expiration, pubkey }, ...link }) => ({
              ...link,
              delegation: { expiration, pubkey },
            })),
        }),
        'link 0 is not signed by the key before it',
      ],
      'six links': [
        async () => {
          let chain = await ownerChain()
          for (let i = 0; i < 5; i++) {
            const previous = { previous: chain }
            chain = await DelegationChain.create(session, session.getPublicKey(), soon(), previous)
          }
          return { chain }
        },
        'a chain of 6 links',
      ],
      'no links': [
        async () => ({
          chain: await ownerChain(),
          change: ({ chain }) => ({ delegation_chain: { ...chain, delegations: [] } }),
        }),
        'a chain without links',
      ],
      'links that are no list': [
        async () => ({
          chain: await ownerChain(),
          change: ({ chain }) => ({ delegation_chain: { ...chain, delegations: { length: 1 } } }),
        }),
        'the delegations are no list',
      ],
      'a chain that is a text': [
        async () => ({
          chain: await ownerChain(),
          change: ({ chain }) => ({ delegation_chain: JSON.stringify(chain) }),
        }),
        'the delegation chain is no object',
      ],
      "a canister's link that is not the first": [
        async () => ({
          chain: await DelegationChain.create(
            network.identity('alice'),
            session.getPublicKey(),
            soon(),
            {
              previous: await DelegationChain.create(
                owner,
                network.identity('alice').getPublicKey(),
                soon(),
              ),
            },
          ),
        }),
        "link 1 is a canister's, which only the first may be",
      ],
      'another canister': [
        async () => ({
          chain: await canisterChain({}, Principal.fromText('ryjl3-tyaaa-aaaaa-aaaba-cai')),
        }),
        'signed by a canister not trusted',
      ],
      'a canister of another network': [
        async () => ({
          chain: await canisterChain(),
          wallet: icpWallet({ rootKey: toHex(testNetwork(7).rootKey), clock: handClock() }),
        }),
        'a certificate that the network did not sign',
      ],
      'a canister of a test network, by default': [
        async () => ({ chain: await canisterChain(), wallet: icpWallet({ clock: handClock() }) }),
        'a certificate that the network did not sign',
      ],
      'a subnet that another key certified': [
        async () => ({ chain: await canisterChain({ foreign: 'root' }) }),
        'a certificate that the network did not sign',
      ],
      'a certificate that another key signed': [
        async () => ({ chain: await canisterChain({ foreign: 'subnet' }) }),
        'a certificate that the network did not sign',
      ],
      'a subnet that another subnet vouches for': [
        async () => ({ chain: await canisterChain({ isNested: true }) }),
        'a subnet that another one vouches for',
      ],
      'a subnet of other canisters': [
        async () => ({ chain: await canisterChain({ ranges: 'other' }) }),
        'the subnet may not speak for the canister',
      ],
      'a subnet without ranges': [
        async () => ({ chain: await canisterChain({ ranges: 'none' }) }),
        'the subnet may not speak for the canister',
      ],
      'a subnet with ranges that are none': [
        async () => ({ chain: await canisterChain({ ranges: 'garbage' }) }),
        'the ranges of a subnet are of another shape',
      ],
      'signatures that are not certified': [
        async () => ({ chain: await canisterChain({ certified: new Uint8Array(32) }) }),
        "the signatures are not the canister's certified data",
      ],
      'signatures that another canister has certified': [
        async () => ({
          chain: await canisterChain({
            certifiedFor: Principal.fromText('ryjl3-tyaaa-aaaaa-aaaba-cai'),
          }),
        }),
        "the signatures are not the canister's certified data",
      ],
      'a canister that signed another message': [
        async () => ({
          chain: await canisterChain(),
          change: ({ chain }) =>
            edit(chain, 0, ({ delegation, ...link }) => ({
              ...link,
              delegation: { ...delegation, expiration: nsOf(2 * 3_600_000) },
            })),
        }),
        'the canister did not sign this delegation',
      ],
      'a canister that signed for another seed': [
        async () => ({
          chain: await canisterChain({
            signatures: (label, message) =>
              labeled(
                'sig',
                labeled(
                  Uint8Array.from(label, (b) => b ^ 1),
                  labeled(message, leaf(new Uint8Array(0))),
                ),
              ),
          }),
        }),
        'the canister did not sign this delegation',
      ],
      'a signature that is not shown': [
        async () => ({
          chain: await canisterChain({
            signatures: (label) => labeled('sig', labeled(label, pruned(new Uint8Array(32)))),
          }),
        }),
        'the canister did not sign this delegation',
      ],
      'a signature that has a value': [
        async () => ({
          chain: await canisterChain({
            signatures: (label, message) =>
              labeled('sig', labeled(label, labeled(message, leaf(Uint8Array.of(0))))),
          }),
        }),
        'the canister did not sign this delegation',
      ],
      'a tree of another shape': [
        finished((parts) => Cbor.encode({ ...parts, tree: [3] })),
        'a hash tree of another shape',
      ],
      'a tree whose hash is short': [
        finished((parts) =>
          Cbor.encode({ ...parts, tree: [1, parts.tree, [4, new Uint8Array(31)]] }),
        ),
        'a hash tree of another shape',
      ],
      'a canister signature without certificate': [
        finished(({ tree }) => Cbor.encode({ tree })),
        'a certificate is no byte string',
      ],
      'a canister signature that is a number': [
        finished(() => new Uint8Array(64)),
        'the canister signature is no CBOR of ours: bytes behind the value',
      ],
      'a canister signature with bytes behind it': [
        finished((parts) => concat(Cbor.encode(parts), Uint8Array.of(0))),
        'the canister signature is no CBOR of ours: bytes behind the value',
      ],
      'a canister signature that is cut': [
        finished((parts) => Cbor.encode(parts).slice(0, -1)),
        'the canister signature is no CBOR of ours: the bytes end too early',
      ],
      'a tree that is nested without end': [
        finished(() => nested(4000)),
        'the canister signature is no CBOR of ours: too deep',
      ],
      'a list that says it is long': [
        finished(() => concat(fromHex('9a7fffffff'), new Uint8Array(60))),
        'the canister signature is no CBOR of ours: the bytes end too early',
      ],
      'a list of very many': [
        finished(() => concat(fromHex('992000'), new Uint8Array(8192))),
        'the canister signature is no CBOR of ours: too many values',
      ],
      'a list without length': [
        finished(() => concat(fromHex('9f'), new Uint8Array(60), fromHex('ff'))),
        'the canister signature is no CBOR of ours: a length that is not known',
      ],
      'a key twice': [
        finished(() => fromHex(`a2${'6161'}00${'6161'}00${'00'.repeat(32)}`)),
        'the canister signature is no CBOR of ours: a key that is none',
      ],
      'a canister signature that is too long': [
        async () => ({
          chain: await canisterChain(),
          change: ({ chain }) =>
            edit(chain, 0, (link) => ({ ...link, signature: '00'.repeat(16 * 1024 + 1) })),
        }),
        'the signature of link 0 is too long',
      ],
    }
    for (const [name, [attempt, reason]] of Object.entries(table)) {
      it(name, async () => {
        expect(await refusal(signIn(await attempt()))).to.equal(reason)
      })
    }

    it('the same chain a minute after it expired', async () => {
      const clock = handClock()
      const wallet = icpWallet({ rootKey, clock })
      const chain = await ownerChain(soon(60_000))
      await signIn({ chain, wallet })
      clock.advance(60_000)
      expect(await refusal(signIn({ chain, wallet }))).to.equal('link 0 is expired')
    })

    it('a subnet that is known already, when its certificate is of another', async () => {
      await signIn({ chain: await canisterChain() })
      const foreign = await canisterChain({ foreign: 'root' })
      expect(await refusal(signIn({ chain: foreign }))).to.equal(
        'a certificate that the network did not sign',
      )
    })

    it('whatever else may stand in a request', async () => {
      const terms = fixedTerms({ subject: owner.getPrincipal().toText() })
      const challenge = await verifier.challenge(terms)
      const publicKey = fc.oneof(fc.string(), fc.constant(terms.subject ?? ''))
      const link = fc.record({ delegation: fc.anything(), signature: fc.anything() })
      const chain = fc.record({ publicKey: fc.anything(), delegations: fc.array(link) })
      const data = fc.record({
        message: fc.constant(challenge.message),
        signature: fc.oneof(fc.anything(), fc.constant('00'.repeat(64))),
        session_key: fc.oneof(fc.anything(), fc.constant(toHex(derOf(owner)))),
        delegation_chain: fc.oneof(fc.anything(), chain),
      })
      await fc.assert(
        fc.asyncProperty(publicKey, fc.oneof(fc.anything(), data), async (key, value) => {
          await isRefused(verifier.verify({ terms, challenge, publicKey: key, data: value }))
        }),
        { numRuns: 500 },
      )
    })

    it('every change of a byte of a canister signature, and throws nothing else', async () => {
      const chain = await canisterChain()
      const [link] = chain.delegations
      const bytes = link?.signature.byteLength ?? 0
      // a pairing for each would take minutes: as many as fit
      await fc.assert(
        fc.asyncProperty(fc.nat(bytes - 1), async (at) => {
          await isRefused(
            signIn({
              chain,
              change: (data) =>
                edit(data.chain, 0, (link) => ({ ...link, signature: flip(link.signature, at) })),
            }),
          )
        }),
        { numRuns: 40 },
      )
    })
  })
})

/** A sign-in whose session key is some DER: what is signed does not matter any more. */
function withKey(der: Uint8Array): Attempt {
  const principal = principalOf(der)
  return {
    terms: { subject: principal },
    publicKey: principal,
    change: () => ({ session_key: toHex(der), signature: '00'.repeat(64) }),
  }
}

/** A chain whose canister signature ends up as other bytes. */
function finished(finish: NonNullable<IcpQuirks['finish']>): () => Promise<Attempt> {
  return async () => ({ chain: await canisterChain({ finish }) })
}

function edit(
  chain: ChainJson,
  at: number,
  change: (link: ChainJson['delegations'][number]) => ChainJson['delegations'][number],
): Partial<Data> {
  const delegations = chain.delegations.map((link, i) => (i === at ? change(link) : link))
  return { delegation_chain: { ...chain, delegations } }
}

const nsOf = (ms: number): string => (BigInt(START_MS + ms) * 1_000_000n).toString(16)

/** Lists within lists. */
const nested = (depth: number): Uint8Array => new Uint8Array(depth).fill(0x81)
