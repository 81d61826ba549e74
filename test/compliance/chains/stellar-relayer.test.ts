/** Nodes of Stellar without an account, and those who pay for them. */
import { expect } from 'chai'
import { viewAccount } from '../../../src/chains/stellar/rpc/entries.ts'
import { openRelay } from '../../../src/chains/stellar/send/relay.ts'
import { relayerCarrier } from '../../../src/chains/stellar/send/carrier.ts'
import type { StellarService } from '../../../src/chains/stellar/service.ts'
import type { Anchor, Signer } from '../../../src/node/anchor/anchor.ts'
import { envelopeAnchor } from '../../../src/node/anchor/envelope-anchor.ts'
import { envelopeDigest } from '../../../src/node/anchor/envelope.ts'
import type { Domain, Operation } from '../../../src/node/anchor/operations.ts'
import type { SignedEnvelope } from '../../../src/node/anchor/service.ts'
import { toHex } from '../../../src/node/primitives/bytes.ts'
import { systemClock, systemRandom } from '../../../src/node/primitives/clock.ts'
import { GroupId } from '../../../src/node/primitives/ids.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import {
  keyIn,
  openService,
  startStellarTestChain,
  type StellarTestChain,
} from '../../support/stellar.ts'
import {
  type RelayAnswer,
  serveRelay,
  type ServeRelayInit,
  type TestRelayer,
} from '../../support/relayer.ts'
import { add, crowd } from '../anchor-bench.ts'
import {
  contextOf,
  creation,
  type EnvelopeFields,
  person,
  refusalOf,
  sign,
} from '../anchor-support.ts'

/** Index of the account that pays for others. */
const PAYER = 5

const a = person('A')
const b = person('B')
const context = contextOf(a)
const group = GroupId.from(context)

describe('anchor: stellar, through a relayer', () => {
  let chain: StellarTestChain
  let domain: Domain

  before(async () => {
    chain = await startStellarTestChain()
  })
  beforeEach(async () => {
    await chain.reset()
    const service = openService({ deployment: chain.deployment, rpcUrls: [chain.url] })
    domain = await service.readDomain()
    await service.lifecycle.stop()
  })
  after(async () => {
    await chain.stop()
  })

  async function start(
    init: ServeRelayInit & { readonly perDay?: bigint } = {},
  ): Promise<TestRelayer> {
    const { perDay, ...rest } = init
    const relay = await openRelay(
      {
        ...{ rpcUrls: [chain.url], deployment: chain.deployment, perDay },
        key: { env: 'KEY', from: { KEY: chain.key(PAYER) } },
      },
      { clock: systemClock, logger: silentLogger },
    )
    const reader = openService({ deployment: chain.deployment, rpcUrls: [chain.url] })
    const { address } = keyIn(chain.key(PAYER))
    const nonce = async (): Promise<number> => {
      const account = await reader.rpc.run((endpoint) => viewAccount(endpoint, address))
      return Number((account?.sequence ?? 0n) & 0xffff_ffffn)
    }
    const first = await nonce()
    return serveRelay(relay, async () => (await nonce()) - first, rest)
  }

  /** A creation by A, and whatever is to be different about it. */
  const signed = (
    operation: Operation = creation(),
    fields: Partial<EnvelopeFields> = {},
    signer: Signer = a,
    signWith: Signer = signer,
  ): Promise<SignedEnvelope> => {
    const validUntil = BigInt(Math.floor(Date.now() / 1000)) + 600n
    const subject = contextOf(signer)
    return sign(signer, operation, { domain, subject, nonce: 0n, validUntil, ...fields }, signWith)
  }

  const nth = (n: number, signer: Signer = a): Promise<SignedEnvelope> =>
    signed(creation(n), { subject: contextOf(signer, n) }, signer)

  const codeOf = ({ status, body }: RelayAnswer): string => `${status} ${String(body['code'])}`

  describe('[82] refuses what is not on its list, and pays nothing', () => {
    let at: TestRelayer
    beforeEach(async () => {
      at = await start({ operations: ['createContext', 'addMembers'] })
    })
    afterEach(async () => {
      expect(await at.sent()).to.equal(0)
      await at.stop()
    })

    it('[82] an unknown chain or network', async () => {
      for (const fields of [{ chain: 'ethereum' }, { network: 'mainnet' }]) {
        expect(codeOf(await at.carry(await signed(), fields))).to.equal('403 relayer_denied')
      }
    })

    it('[82] another contract, another network or another chain in the signed bytes', async () => {
      for (const other of [
        { ...domain, contract: new Uint8Array(32).fill(5) },
        { ...domain, network: new Uint8Array(32).fill(7) },
        { ...domain, chain: 3 },
      ]) {
        const message = await signed(creation(), { domain: other })
        expect(codeOf(await at.carry(message))).to.equal('403 relayer_denied')
      }
    })

    it('[82] an operation that is not on the list', async () => {
      expect(codeOf(await at.carry(await signed({ kind: 'seal' })))).to.equal('403 relayer_denied')
    })

    it('[82] a signature of another identity', async () => {
      const answer = await at.carry(await signed(creation(), {}, a, b))
      expect([answer.status, answer.body['name']]).to.deep.equal([422, 'BadSignature'])
    })

    it('[82] what the contract refuses, with number and name', async () => {
      const answer = await at.carry(await signed(add(b), { subject: group }))
      expect([answer.status, answer.body['name']]).to.deep.equal([422, 'ContextNotFound'])
      const late = await at.carry(await signed(creation(), { validUntil: 1n }))
      expect([late.status, late.body['name']]).to.deep.equal([422, 'Expired'])
    })
  })

  it('[82] answers pending, then the transaction that is final, once however often it is asked', async () => {
    await using at = await start()
    const message = await signed()
    const answers = await Promise.all([1, 2, 3].map(() => at.carry(message)))
    const id = toHex(envelopeDigest(message.envelope))
    expect(new Set(answers.map(({ body }) => body['id']))).to.deep.equal(new Set([id]))
    const { body } = await at.settled(id)
    expect(body['transaction']).to.match(/^[0-9a-f]{64}$/)
    while ((await at.get(id)).body['state'] !== 'final') await new Promise(setImmediate)
    expect(await at.sent()).to.equal(1)
  })

  it('[82] answers the outcome of what it accepted before a restart', async () => {
    const message = await signed()
    {
      await using at = await start()
      await at.settled((await at.carry(message)).body['id'])
    }
    await using at = await start()
    const after = await at.carry(message)
    expect(after.status).to.equal(200)
    expect(after.body).to.have.property('transaction')
    expect(await at.sent()).to.equal(0)
  })

  it('[82] answers 429 beyond the quota of a signer, and beyond what a day may cost', async () => {
    {
      await using at = await start({ quotas: { signerPerHour: 1 } })
      await at.settled((await at.carry(await nth(1))).body['id'])
      expect(codeOf(await at.carry(await nth(2)))).to.equal('429 relayer_quota')
    }
    await using at = await start({ perDay: 4_000_000n })
    const answers: RelayAnswer[] = []
    for (const n of [1, 2, 3, 4]) answers.push(await at.carry(await nth(n, person(`payee ${n}`))))
    const last = answers.at(-1)
    expect(last && codeOf(last)).to.equal('429 relayer_quota')
    expect(last?.body['details']).to.include({ of: 'all' })
  })

  describe('a node without an account', () => {
    function open(url: string): StellarService {
      const { deployment } = chain
      const { network } = deployment
      return openService(
        { deployment, rpcUrls: [chain.url, chain.url] },
        { carrier: (parts) => relayerCarrier({ ...parts, url, network }) },
      )
    }

    function anchorOver(service: StellarService): Anchor {
      const { protocol, network, contract } = chain
      return envelopeAnchor({ protocol, network, contract, service })({
        ...{ clock: systemClock, random: systemRandom, logger: silentLogger },
      })
    }

    it('[82] has its operations carried, and is told what the contract refuses', async () => {
      await using at = await start()
      const anchor = anchorOver(open(at.url))
      await anchor.start()
      expect(anchor.supports.sponsoredFees).to.equal(true)
      await anchor.submit(context, creation(), a)
      await anchor.submit(group, add(b), a)
      expect((await anchor.readMember(group, b.publicKey))?.value.role).to.equal('writer')
      expect(await refusalOf(anchor.submit(group, add(person('C')), b))).to.equal('Unauthorized')
      // the dearest that there is
      await anchor.submit(group, add(...crowd(16)), a)
      expect(await at.sent()).to.equal(3)
      await anchor.stop()
    })
  })
})
