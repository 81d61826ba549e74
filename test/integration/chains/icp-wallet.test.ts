/** Signing in with delegations that a canister on a chain issued as Internet Identity does, verified under the chain's own root key. */
import { Cbor, type HashTree, reconstruct } from '@dfinity/agent'
import { DelegationChain, Ed25519KeyIdentity } from '@dfinity/identity'
import { Principal } from '@dfinity/principal'
import { expect } from 'chai'
import { loginBytes } from '../../../src/chains/icp/sign-in/sign-in.ts'
import { icpWallet, type IcpWalletInit } from '../../../src/chains/icp/wallet.ts'
import { concat, fromHex, toHex, utf8 } from '../../../src/node/primitives/bytes.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import { CanisterIdentity, canisterKey, fork, labeled, leaf, pruned } from '../../support/icp.ts'
import { ISSUER } from '../../support/icp-canisters.ts'
import { type IcpWorld, openWorld } from '../../support/icp-devnet.ts'
import { refusal, signInTerms, signInWith } from '../../support/sign-in-attempts.ts'

const HOUR_MS = 3_600_000

/** What an issuer does differently. */
interface Quirks {
  /** Whose canister says that it signs. @default its own */
  readonly inNameOf?: Principal
  /** What is signed in place of the delegation. */
  readonly message?: (message: Uint8Array) => Uint8Array
  readonly seed?: Uint8Array
  /** Done to what the canister answered. */
  readonly change?: (signed: { certificate: Uint8Array; tree: HashTree }) => object
}

describe('Internet Identity on a chain', function () {
  this.timeout(30_000)
  const session = Ed25519KeyIdentity.generate()
  const seed = utf8('alice, as the issuer knows her')
  let world: IcpWorld
  let issuer: Principal

  before(async () => {
    world = await openWorld({ hasSubnet: true })
    issuer = await world.install(ISSUER)
  })
  after(() => world[Symbol.asyncDispose]())

  /** The canister's signature of a message: prepared by a call, fetched by a query. */
  async function issue(
    canister: Principal,
    message: Uint8Array,
    { change, ...quirks }: Quirks,
  ): Promise<Uint8Array> {
    const signed = sha256(quirks.message?.(message) ?? message)
    const others = pruned(sha256(utf8('signatures of others')))
    const own = labeled(sha256(quirks.seed ?? seed), labeled(signed, leaf(new Uint8Array(0))))
    const tree = labeled('sig', fork(own, others))
    const arg = concat(new Uint8Array(await reconstruct(tree)), Cbor.encode(tree))
    await world.update(canister, 'prepare', arg)
    const answer = await world.query(canister, 'get')
    const lengthAt = (at: number): number =>
      new DataView(answer.buffer, answer.byteOffset + at).getUint32(0, true)
    const certificate = answer.slice(4, 4 + lengthAt(0))
    const kept = Cbor.decode<HashTree>(answer.slice(8 + lengthAt(0)))
    const made = { certificate, tree: kept }
    return Cbor.encode(change?.(made) ?? made)
  }

  async function chainOf(
    quirks: Quirks = {},
    canister: Principal = issuer,
    expiration = new Date(Date.now() + HOUR_MS),
  ): Promise<DelegationChain> {
    const der = canisterKey(quirks.inNameOf ?? canister, seed)
    const identity = new CanisterIdentity(der, (message) => issue(canister, message, quirks))
    return DelegationChain.create(identity, session.getPublicKey(), expiration)
  }

  async function signIn(
    chain: DelegationChain,
    init: Partial<IcpWalletInit> = {},
  ): Promise<{ readonly subject: string }> {
    const rootKey = toHex(world.chain.rootKey)
    const wallet = icpWallet({ rootKey, canisters: [issuer.toText()], ...init })
    const publicKey = Principal.selfAuthenticating(new Uint8Array(chain.publicKey)).toText()
    return signInWith(wallet, signInTerms({ subject: publicKey }), async (message = '') => ({
      publicKey,
      data: {
        message,
        signature: toHex(new Uint8Array(await session.sign(loginBytes(message)))),
        session_key: toHex(new Uint8Array(session.getPublicKey().toDer())),
        delegation_chain: JSON.parse(JSON.stringify(chain)) as object,
      },
    }))
  }

  it('lets in whom the canister signed for, also later, when it signed for others', async () => {
    const chain = await chainOf()
    const principal = Principal.selfAuthenticating(canisterKey(issuer, seed)).toText()
    expect(await signIn(chain)).to.deep.equal({ subject: `icp:${principal}` })
    await chainOf({ seed: utf8('bob') })
    expect(await signIn(chain)).to.deep.equal({ subject: `icp:${principal}` })
  })

  it('lets in by a subnet’s key and by the root key alone', async () => {
    const root = await openWorld({ seed: 'root alone' })
    const before = world
    try {
      world = root
      const canister = await root.install(ISSUER)
      const chain = await chainOf({}, canister)
      const { subject } = await signIn(chain, { canisters: [canister.toText()] })
      expect(subject).to.match(/^icp:/)
    } finally {
      world = before
      await root[Symbol.asyncDispose]()
    }
  })

  describe('refuses', () => {
    const flipped = (bytes: Uint8Array, at: number): Uint8Array =>
      bytes.map((byte, index) => (index === at ? byte ^ 1 : byte))
    const cases: readonly (readonly [string, Quirks, RegExp])[] = [
      [
        'what the canister signed for somebody else',
        { seed: utf8('bob') },
        /did not sign this delegation/,
      ],
      [
        'what the canister signed of another key',
        { message: (message) => flipped(message, 40) },
        /did not sign this delegation/,
      ],
      [
        'a tree that is not what is certified',
        {
          change: ({ certificate, tree }) => ({
            certificate,
            tree: fork(tree, labeled('zzz', leaf(Uint8Array.of(1)))),
          }),
        },
        /not the canister's certified data/,
      ],
      [
        'a certificate with another bit',
        {
          change: ({ certificate, tree }) => ({
            certificate: Cbor.encode({
              ...Cbor.decode<{ signature: Uint8Array }>(certificate),
              signature: flipped(Cbor.decode<{ signature: Uint8Array }>(certificate).signature, 9),
            }),
            tree,
          }),
        },
        /the network did not sign/,
      ],
      [
        'a certificate without the word of the root subnet',
        {
          change({ certificate, tree }) {
            const { delegation: _, ...rest } = Cbor.decode<{ delegation: object }>(certificate)
            return { certificate: Cbor.encode(rest), tree }
          },
        },
        /the network did not sign/,
      ],
      ['no certificate', { change: ({ tree }) => ({ tree }) }, /no byte string/],
      [
        'a certificate that is cut off',
        { change: ({ certificate, tree }) => ({ certificate: certificate.slice(0, -3), tree }) },
        /no CBOR of ours/,
      ],
    ]
    for (const [what, quirks, reason] of cases) {
      it(what, async () => {
        expect(await refusal(signIn(await chainOf(quirks)))).to.match(reason)
      })
    }

    it('what another canister signed, in its own name and in the issuer’s', async () => {
      const other = await world.install(ISSUER)
      expect(await refusal(signIn(await chainOf({}, other)))).to.match(/canister not trusted/)
      const forged = chainOf({ inNameOf: issuer }, other)
      expect(await refusal(signIn(await forged))).to.match(/not the canister's certified data/)
    })

    it('what expired on this machine, though the chain knows no better', async () => {
      const chain = await chainOf({}, issuer, new Date(Date.now() - 1000))
      expect(await refusal(signIn(chain))).to.match(/expired/)
    })

    it('what is true on this chain, on the main network', async () => {
      const { IC_ROOT_KEY } = await import('../../../src/chains/icp/constants.ts')
      const signing = signIn(await chainOf(), { rootKey: IC_ROOT_KEY })
      expect(await refusal(signing)).to.match(/the network did not sign/)
    })

    it('a delegation to another session key', async () => {
      const der = canisterKey(issuer, seed)
      const identity = new CanisterIdentity(der, (message) => issue(issuer, message, {}))
      const stranger = Ed25519KeyIdentity.generate()
      const expiration = new Date(Date.now() + HOUR_MS)
      const chain = await DelegationChain.create(identity, stranger.getPublicKey(), expiration)
      expect(await refusal(signIn(chain))).to.match(/does not lead to the session key/)
    })

    it('any signature with a byte that is other than it was', async () => {
      const chain = await chainOf()
      const json = JSON.parse(JSON.stringify(chain)) as {
        delegations: [{ signature: string }]
      }
      const [{ signature }] = json.delegations
      const bytes = fromHex(signature)
      for (let at = 0; at < bytes.length; at += Math.ceil(bytes.length / 16)) {
        json.delegations[0].signature = toHex(flipped(bytes, at))
        const changed = DelegationChain.fromJSON(JSON.stringify(json))
        expect(await refusal(signIn(changed)), `byte ${at}`).to.not.equal('let in')
      }
    })
  })
})
