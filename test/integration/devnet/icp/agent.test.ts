import type { ActorConfig, HttpAgent, HttpAgentOptions, Identity } from '@dfinity/agent'
import type { Principal } from '@dfinity/principal'
import { Secp256k1KeyIdentity } from '@icp-sdk/core/identity/secp256k1'
import { expect } from 'chai'
import { BlsKey } from '../../../../src/devnet/icp/certification/keys.ts'
import { utf8 } from '../../../../src/node/primitives/bytes.ts'
import { COUNTER, numberOf } from '../../../support/icp-canisters.ts'
import { CLIENTS, type IcpClient } from '../../../support/icp-clients.ts'
import { type IcpWorld, type Methods, openWorld } from '../../../support/icp-devnet.ts'

describe('a message', () => {
  let world: IcpWorld
  let counter: Principal
  before(async () => {
    world = await openWorld({ instructions: { query: 100_000_000n } })
    counter = await world.install(COUNTER)
  })
  after(() => world.chain.stop())

  it('that traps leaves nothing: memory, globals, stable memory and growth are as they were', async () => {
    expect(numberOf(await world.update(counter, 'ok'))).to.equal(1_001_001n)
    const error = await world.update(counter, 'bad').catch(String)
    expect(error).to.contain('5 IC0503: Error from Canister').and.contain('ic0.trap')
    expect(numberOf(await world.query(counter, 'peek'))).to.equal(2_002_002n)
    expect(numberOf(await world.query(counter, 'peek'))).to.equal(2_002_002n)
    expect(numberOf(await world.update(counter, 'ok'))).to.equal(2_002_002n)
  })

  it('that never ends is ended, and one that nobody answered is rejected', async () => {
    expect(await world.query(counter, 'loop').catch(String)).to.contain('IC0522')
    expect(await world.update(counter, 'silent').catch(String)).to.contain('5 IC0506')
  })
})

for (const hasSubnet of [false, true]) {
  for (const client of CLIENTS) {
    const where = hasSubnet ? 'a subnet that the root key vouches for' : 'the root subnet'
    describe(`${client.name}, unmodified and with all checks on, on ${where}`, () => {
      let world: IcpWorld
      let counter: string
      let me: Identity
      before(async () => {
        world = await openWorld({ hasSubnet, seed: `${hasSubnet}` })
        counter = (await world.install(COUNTER)).toText()
        me = client.identity.Ed25519KeyIdentity.generate()
      })
      after(() => world.chain.stop())

      const open = (identity: Identity, options: HttpAgentOptions = {}): Promise<HttpAgent> => {
        const { url: host, rootKey } = world.chain
        const { HttpAgent } = client.agent
        return HttpAgent.create({ host, rootKey, identity, retryTimes: 0, ...options })
      }
      const actor = async (
        identity: Identity,
        options: HttpAgentOptions = {},
        config: Partial<ActorConfig> = {},
      ): Promise<Methods> => {
        const agent = await open(identity, options)
        return counterOf(client, agent, counter, config)
      }

      it('calls and queries, by each way to call', async () => {
        const methods = await actor(me)
        const before = (await methods['peek']?.()) as bigint
        expect(await methods['ok']?.()).to.equal(before)
        const { Principal } = client.principal
        const agent = await open(me)
        const canister = Principal.fromText(counter)
        const fields = { methodName: 'ok', arg: new Uint8Array(0), effectiveCanisterId: canister }
        const { requestId } = await agent.call(canister, { ...fields, callSync: false })
        const { reply } = await client.agent.pollForResponse(agent, canister, requestId)
        expect(numberOf(reply)).to.equal(before + 1_001_001n)
        expect(await methods['bad']?.().catch(String)).to.contain('IC0503')
        const fetched = await actor(me, { shouldFetchRootKey: true })
        expect(await fetched['peek']?.()).to.equal(before + 2_002_002n)
      })

      if (hasSubnet) return

      it('signs with ed25519, secp256k1 and P-256, and with what they delegate to', async () => {
        const { DelegationChain, DelegationIdentity, ECDSAKeyIdentity } = client.identity
        const p256 = await ECDSAKeyIdentity.generate()
        const secp256k1 = Secp256k1KeyIdentity.generate() as unknown as Identity // the same in both
        const session = client.identity.Ed25519KeyIdentity.generate()
        const until = new Date(Date.now() + 600_000)
        const targets = [client.principal.Principal.fromText(counter)]
        const chain = await DelegationChain.create(p256, session.getPublicKey(), until, { targets })
        const delegated = DelegationIdentity.fromDelegation(session, chain)
        for (const identity of [secp256k1, p256, delegated]) {
          expect(await (await actor(identity))['ok']?.()).to.be.a('bigint')
        }
      })

      it('is refused with a delegation that expired, or is for another canister', async () => {
        const { DelegationChain, DelegationIdentity } = client.identity
        const { Ed25519KeyIdentity } = client.identity
        const root = Ed25519KeyIdentity.generate()
        const session = Ed25519KeyIdentity.generate()
        const with_ = async (until: number, targets: Principal[]): Promise<string> => {
          const key = session.getPublicKey()
          const chain = await DelegationChain.create(root, key, new Date(until), { targets })
          const methods = await actor(DelegationIdentity.fromDelegation(session, chain))
          return String(await methods['ok']?.().catch(String))
        }
        const { Principal } = client.principal
        const here = [Principal.fromText(counter)]
        expect(await with_(Date.now() - 1000, here)).to.contain('delegation has expired')
        const there = [Principal.fromText('aaaaa-aa')]
        expect(await with_(Date.now() + 60_000, there)).to.contain('delegation targets')
      })

      it('finds out a wrong root key, a certificate with another bit, and a forged signature of a node', async () => {
        const rootKey = new BlsKey('another', 'root').der
        const wrong = await actor(me, { rootKey })
        expect(String(await wrong['ok']?.().catch(String))).to.match(/[Ss]ignature|verif/)
        const lying = await actor(me, { fetch: lyingFetch('certificate') })
        expect(String(await lying['ok']?.().catch(String))).to.match(/[Ss]ignature|verif|[Pp]oint/)
        const forging = await actor(me, { fetch: lyingFetch('signature') })
        expect(String(await forging['peek']?.().catch(String))).to.match(/[Ss]ignature/)
      })
    })
  }
}

function counterOf(
  { agent: { Actor }, candid: { IDL } }: IcpClient,
  agent: HttpAgent,
  canisterId: string,
  config: Partial<ActorConfig>,
): Methods {
  const service = (): ReturnType<typeof IDL.Service> =>
    IDL.Service({
      ok: IDL.Func([], [IDL.Nat64]),
      bad: IDL.Func([], [IDL.Nat64]),
      peek: IDL.Func([], [IDL.Nat64], ['query']),
    })
  return Actor.createActor<Methods>(service, { agent, canisterId, ...config })
}

/** Answers with one bit changed: in the signature of a certificate, or in that of a node. */
function lyingFetch(what: 'certificate' | 'signature'): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init)
    const url = input instanceof Request ? input.url : String(input)
    const body = new Uint8Array(await response.arrayBuffer())
    if (what === 'certificate' && url.endsWith('/call')) flip(body, body.length - 1)
    const at = Buffer.from(body).indexOf(utf8('signatureX@'))
    if (what === 'signature' && url.endsWith('/query') && at > 0) flip(body, at + 20)
    return new Response(body, { status: response.status, headers: response.headers })
  }
}

function flip(bytes: Uint8Array, at: number): void {
  bytes[at] = (bytes[at] ?? 0) ^ 1
}
