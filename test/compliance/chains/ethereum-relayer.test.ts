import { expect } from 'chai'
import { Wallet } from 'ethers'
import { abiOf, hex } from '../../../src/chains/ethereum/contracts/codec.ts'
import { signRequest, typedDomain } from '../../../src/chains/ethereum/scheme.ts'
import type { Anchor, Signer } from '../../../src/node/anchor/anchor.ts'
import { envelopeDigest } from '../../../src/node/anchor/envelope.ts'
import type { SignedEnvelope } from '../../../src/node/anchor/service.ts'
import type { Domain, Operation } from '../../../src/node/anchor/operations.ts'
import { EMPTY, toHex } from '../../../src/node/primitives/bytes.ts'
import { GroupId } from '../../../src/node/primitives/ids.ts'
import { apiKeys } from '../../../src/server/index.ts'
import { MAX_RELAY_BYTES, REFUSED_POINTS } from '../../../src/server/relayer/limits.ts'
import { failure, rejectionCode } from '../../support/error-code.ts'
import { startFaultyRpc } from '../../support/faulty-rpc.ts'
import {
  openRelayed,
  passOn,
  type RelayAnswer,
  relayBody,
  relayedAnchor,
  startStandIn,
  startTestRelayer,
  type TestRelayer,
  type TestRelayerInit,
} from '../../support/ethereum-relayer.ts'
import { systemClock } from '../../../src/node/primitives/clock.ts'
import {
  bindTo,
  chainClock,
  startTestChain,
  type EthereumTestChain,
} from '../../support/ethereum.ts'
import { add, type AnchorHarness } from '../anchor-bench.ts'
import { anchorSuite } from '../anchor-suite.ts'
import {
  application,
  contextOf,
  creation,
  type EnvelopeFields,
  person,
  refusalOf,
  shiftedClock,
  sign,
} from '../anchor-support.ts'

let running: Promise<EthereumTestChain> | undefined

/** The one chain of this file, as new. */
async function freshChain(): Promise<EthereumTestChain> {
  const chain = await (running ??= startTestChain())
  await chain.reset()
  return chain
}

after(async () => {
  await (await running)?.stop()
})

const a = person('A')
const b = person('B')
const context = contextOf(a)
const group = GroupId.from(context)

describe('anchor: ethereum, through a relayer', () => {
  let chain: EthereumTestChain
  let domain: Domain
  let now: bigint

  beforeEach(async () => {
    chain = await freshChain()
    const service = openRelayed(chain, 'http://127.0.0.1:9')
    domain = await service.readDomain()
    now = await service.readTime()
    await service.lifecycle.stop()
  })

  const start = (init?: TestRelayerInit): Promise<TestRelayer> => startTestRelayer(chain, init)

  /** A creation by A, and whatever is to be different about it. */
  const signed = (
    operation: Operation = creation(),
    fields: Partial<EnvelopeFields> = {},
    signer: Signer = a,
    signWith: Signer = signer,
  ): Promise<SignedEnvelope> =>
    sign(
      signer,
      operation,
      { domain, subject: contextOf(signer), nonce: 0n, validUntil: now + 600n, ...fields },
      signWith,
    )

  /** The nth creation by somebody. */
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
      for (const fields of [{ chain: 'near' }, { network: 'mainnet' }]) {
        expect(codeOf(await at.carry(await signed(), fields))).to.equal('403 relayer_denied')
      }
    })

    it('[82] [W5] another contract, another network or another chain in the signed bytes', async () => {
      const others = [
        { ...domain, contract: new Uint8Array(20).fill(7) },
        { ...domain, network: new Uint8Array(32).fill(7) },
        { ...domain, chain: 1 },
      ]
      for (const other of others) {
        const message = await signed(creation(), { domain: other })
        expect(codeOf(await at.carry(message))).to.equal('403 relayer_denied')
      }
    })

    it('[82] an operation that is not on the list', async () => {
      const message = await signed({ kind: 'seal' })
      expect(codeOf(await at.carry(message))).to.equal('403 relayer_denied')
    })

    it('[82] [W5] an empty signature, which would make its own account the signer', async () => {
      // the payer speaks for A: the contract would take it
      await bindTo(chain, a, new Wallet(chain.key(5)))
      const { envelope } = await signed()
      const answer = await at.carry({ envelope, signature: EMPTY })
      expect(codeOf(answer)).to.equal('400 relayer_malformed')
    })

    it('[82] signatures of any other length', async () => {
      const { envelope, signature } = await signed()
      for (const length of [1, 63]) {
        const short = { envelope, signature: signature.subarray(0, length) }
        expect(codeOf(await at.carry(short))).to.equal('400 relayer_malformed')
      }
      const long = { envelope, signature: new Uint8Array(66).fill(1) }
      expect(codeOf(await at.carry(long))).to.equal('400 relayer_malformed')
    })

    it('[82] a signature of another identity, before the chain is asked', async () => {
      const answer = await at.carry(await signed(creation(), {}, a, b))
      expect(answer.status).to.equal(422)
      expect(answer.body).to.include({ state: 'refused', number: 9, name: 'BadSignature' })
    })

    it('[82] a signature of another account', async () => {
      await bindTo(chain, a, new Wallet(chain.key(3)))
      const { chainId, contracts } = chain.deployment
      const typed = typedDomain('merogate contexts', chainId, contracts.contextAnchor.address)
      const { envelope } = await signed()
      const signature = await signRequest(new Wallet(chain.key(4)), typed, envelope)
      const answer = await at.carry({ envelope, signature })
      expect(answer.status).to.equal(422)
      expect(answer.body).to.include({ state: 'refused', name: 'BadSignature' })
    })

    it('[82] what has expired, and what the contract refuses, with number and name', async () => {
      const late = await at.carry(await signed(creation(), { validUntil: 1n }))
      expect([late.status, late.body['name']]).to.deep.equal([422, 'Expired'])
      const missing = await at.carry(await signed(add(b)))
      expect(missing.status).to.equal(422)
      expect(missing.body).to.include({ state: 'refused', number: 5, name: 'ContextNotFound' })
    })

    it('[82] bodies of any other shape', async () => {
      const right = relayBody(await signed())
      const { signature: _none, ...without } = right
      const wrong = [
        ...['no json', '[]', without],
        ...[
          { ...right, to: '0x00' },
          { ...right, payload: [1] },
        ],
        { ...right, envelope: String(right['envelope']).toUpperCase() },
        { ...right, envelope: `${String(right['envelope'])}00` },
        { ...right, envelope: 'abc' },
      ]
      for (const body of wrong) expect((await at.post(body)).status).to.equal(400)
      const large = await at.post(JSON.stringify({ ...right, chain: 'x'.repeat(MAX_RELAY_BYTES) }))
      expect(codeOf(large)).to.equal('413 too_large')
      const text = await at.post(right, { 'content-type': 'text/plain' })
      expect(text.status).to.equal(415)
    })

    it('[82] [W5] transfers, owner functions and arbitrary calls: there is no door for them', async () => {
      const word = (value: string): string => value.padStart(64, '0')
      const transfer = `a9059cbb${word('dead')}${word('ff')}`
      const ownership = `f2fde38b${word('dead')}`
      const { envelope, signature } = await signed()
      const contract = abiOf('ContextAnchor')
      const call = contract.encodeFunctionData('submitEd25519', [hex(envelope), hex(signature)])
      for (const data of [transfer, ownership, call.slice(2)]) {
        const answer = await at.post({ ...relayBody(await signed()), envelope: data })
        expect(codeOf(answer)).to.equal('400 relayer_malformed')
      }
      // the originals' own shape
      const old = {
        ...{ protocol: 'ethereum', network_id: 'local', contract_id: '0xdead' },
        ...{ operation: { Write: { method: 'transfer' } }, payload: [1, 2, 3] },
      }
      expect(codeOf(await at.post(old))).to.equal('400 relayer_malformed')
      for (const path of ['/', '/v1/call', '/v1/operations/']) {
        const answer = await fetch(at.url + path, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(old),
        })
        expect([400, 404]).to.include(answer.status)
      }
    })
  })

  describe('[82] carries an envelope once', () => {
    it('[82] answers pending, then the transaction that is final', async () => {
      await using at = await start()
      const message = await signed()
      const first = await at.carry(message)
      const id = toHex(envelopeDigest(message.envelope))
      expect([first.status, first.body]).to.deep.equal([202, { id, state: 'pending' }])
      const { status, body } = await at.settled(id)
      expect(status).to.equal(200)
      expect(body['transaction']).to.match(/^0x[0-9a-f]{64}$/)
      expect(body['block']).to.match(/^\d+$/)
      while ((await at.get(id)).body['state'] !== 'final') await new Promise(setImmediate)
      expect(await at.metrics.render()).to.match(
        /merogate_relayer_operations_total\{outcome="mined"\} 1/,
      )
    })

    it('[82] the same digest twice is the same id and one transaction, also at once', async () => {
      await using at = await start()
      const message = await signed()
      const answers = await Promise.all([1, 2, 3, 4].map(() => at.carry(message)))
      const ids = new Set(answers.map(({ body }) => body['id']))
      expect([...ids]).to.deep.equal([toHex(envelopeDigest(message.envelope))])
      await at.settled([...ids][0])
      const again = await at.carry(message)
      expect([again.status, again.body['id']]).to.deep.equal([200, [...ids][0]])
      expect(await at.sent()).to.equal(1)
    })

    it('[82] answers the outcome of what it accepted before a restart', async () => {
      const message = await signed()
      let before: RelayAnswer
      {
        await using at = await start()
        before = await at.settled((await at.carry(message)).body['id'])
      }
      await using at = await start()
      const id = before.body['id']
      expect(codeOf(await at.get(id))).to.equal('404 relayer_operation_unknown')
      const after = await at.carry(message)
      expect(after.status).to.equal(200)
      expect(after.body['transaction']).to.equal(before.body['transaction'])
      expect((await at.get(id)).body['transaction']).to.equal(before.body['transaction'])
      expect(await at.sent()).to.equal(1)
      // another envelope with the same nonce is no echo
      const other = await at.carry(await signed(creation(), { validUntil: now + 601n }))
      expect([other.status, other.body['name']]).to.deep.equal([422, 'ContextExists'])
    })

    it('[82] an invalid signature does not block the valid one that follows', async () => {
      await using at = await start()
      const right = await signed()
      const { envelope } = right
      await bindTo(chain, a, new Wallet(chain.key(3)))
      const wrong = [new Uint8Array(64), new Uint8Array(65)]
      const answers = await Promise.all(
        [...wrong.map((signature) => ({ envelope, signature })), right].map((each) =>
          at.carry(each),
        ),
      )
      expect(answers.map(({ status }) => status)).to.deep.equal([422, 422, 202])
      expect((await at.settled(answers[2]?.body['id'])).body).to.have.property('transaction')
      expect(await at.sent()).to.equal(1)
    })

    it('[82] an account that is bound signs, and the relayer sends', async () => {
      await using at = await start()
      const wallet = new Wallet(chain.key(3))
      await bindTo(chain, a, wallet)
      const service = openRelayed(chain, at.url, { wallet })
      const anchor = relayedAnchor(chain, service)
      await anchor.start()
      await anchor.submit(context, creation(), a)
      expect(await at.sent()).to.equal(1)
      const used = await chain.devnet.send('eth_getTransactionCount', [wallet.address, 'latest'])
      expect(Number(used)).to.equal(0)
      await anchor.stop()
    })

    it('answers 404 for ids that nobody sent', async () => {
      await using at = await start()
      expect((await at.get('00'.repeat(32))).status).to.equal(404)
      expect((await at.get('x')).status).to.equal(404)
    })
  })

  describe('[82] answers 429 beyond a quota', () => {
    it('[82] of a signer, until its window has passed', async () => {
      const clock = shiftedClock()
      await using at = await start({ quotas: { signerPerHour: 2 }, clock })
      for (const n of [1, 2]) {
        expect((await at.settled((await at.carry(await nth(n))).body['id'])).status).to.equal(200)
      }
      const beyond = await at.carry(await nth(3))
      expect(codeOf(beyond)).to.equal('429 relayer_quota')
      expect(beyond.body['details']).to.include({ of: 'signer', window: 'hour' })
      // what was sent before is answered all the same, and others are not concerned
      expect((await at.carry(await nth(1))).status).to.equal(200)
      expect((await at.carry(await nth(1, b))).status).to.equal(202)
      clock.advance(3601)
      const later = await signed(creation(3), {
        ...{ subject: contextOf(a, 3), validUntil: now + 7200n },
      })
      expect((await at.carry(later)).status).to.equal(202)
    })

    it('[82] of a group, whoever signs', async () => {
      await using at = await start({ quotas: { groupPerDay: 2 } })
      await at.settled((await at.carry(await signed())).body['id'])
      const first = await at.carry(await signed(add(b), { subject: group, nonce: 1n << 32n }))
      expect((await at.settled(first.body['id'])).body).to.have.property('transaction')
      const leave = await signed({ kind: 'leave' }, { subject: group, nonce: 2n << 32n }, b)
      const beyond = await at.carry(leave)
      expect(codeOf(beyond)).to.equal('429 relayer_quota')
      expect(beyond.body['details']).to.include({ of: 'group', window: 'day' })
    })

    it('[82] [W5] of gas, for all together', async () => {
      await using at = await start({ gasPerDay: 1_500_000n })
      const answers: RelayAnswer[] = []
      for (const n of [1, 2, 3, 4, 5]) {
        answers.push(await at.carry(await nth(n, person(`payee ${n}`))))
      }
      const last = answers.at(-1)
      expect(last && codeOf(last)).to.equal('429 relayer_quota')
      expect(last?.body['details']).to.include({ of: 'all' })
      const carried = answers.filter(({ status }) => status === 202)
      for (const { body } of carried) await at.settled(body['id'])
      expect(await at.sent()).to.equal(carried.length)
    })

    it('[82] and counts what is refused, for more than what is sent', async () => {
      await using at = await start({ quotas: { signerPerHour: REFUSED_POINTS + 1 } })
      expect((await at.carry(await signed(add(b)))).status).to.equal(422)
      expect((await at.carry(await signed())).status).to.equal(202)
      const beyond = await at.carry(await nth(2))
      expect(beyond.body['details']).to.include({ of: 'signer', window: 'hour' })
    })

    it('[82] of who asks: a throw-away key costs few questions, and nobody else’s quota', async () => {
      await using endpoint = await startFaultyRpc(chain.devnet.url)
      const quotas = { addressPerHour: 4 * REFUSED_POINTS }
      const keys = [1, 2].map((n) => `a-key-of-some-length-${n}`)
      await using at = await start({ quotas, rpcUrl: endpoint.url, apiKeys: apiKeys(keys) })
      const made = await at.post(relayBody(await signed()), bearer(keys[0]))
      expect(made.status).to.equal(202)
      while ((await at.get(made.body['id'], bearer(keys[0]))).body['state'] === 'pending') {
        await new Promise(setImmediate)
      }
      const before = endpoint.asked.length
      const thrownAway = person('nobody')
      const codes: string[] = []
      for (let n = 0; n < 20; n++) {
        const fields = { subject: group, nonce: BigInt(n) }
        const message = await signed({ kind: 'leave' }, fields, thrownAway)
        codes.push(codeOf(await at.post(relayBody(message), bearer(keys[0]))))
      }
      const asked = endpoint.asked.length - before
      expect(asked, 'questions to the chain').to.be.at.most(30)
      expect(codes.filter((code) => code === '429 relayer_quota')).to.have.lengthOf.at.least(16)
      // whoever asks from elsewhere is not concerned, and the group that was named has lost nothing
      const codeOfOther = await at.post(
        relayBody(await signed(add(b), { subject: group, nonce: 1n << 32n })),
        bearer(keys[1]),
      )
      expect(codeOf(codeOfOther), 'the same address').to.equal('429 relayer_quota')
    })

    it('[82] of the group of a context, whichever of its contexts is named', async () => {
      await using at = await start({ quotas: { groupPerDay: 4 } })
      await at.settled((await at.carry(await signed())).body['id'])
      const second = contextOf(a, 2)
      const made = await at.carry(
        await signed(creation(2, group), { subject: second, nonce: 1n << 32n }),
      )
      await at.settled(made.body['id'])
      for (const [n, subject] of [context, second].entries()) {
        const update = { kind: 'updateApplication', application: application(n + 5) } as const
        const fields = { subject, nonce: (1n << 32n) + 1n + BigInt(n) }
        const answer = await at.carry(await signed(update, fields))
        expect(answer.status).to.equal(202)
        await at.settled(answer.body['id'])
      }
      const update = { kind: 'updateApplication', application: application(9) } as const
      const beyond = await at.carry(
        await signed(update, { subject: second, nonce: (1n << 32n) + 3n }),
      )
      expect(beyond.body['details']).to.include({ of: 'group', window: 'day' })
    })

    it('[82] of operations under way', async () => {
      const keys = [1, 2].map((n) => `a-key-of-some-length-${n}`)
      await using at = await start({ maxUnderWay: 2, apiKeys: apiKeys(keys) })
      const [one, other] = keys.map(bearer)
      const get: TestRelayer['get'] = (id) => at.get(id, one)
      const ask = (message: SignedEnvelope, headers = one): Promise<RelayAnswer> =>
        at.post(relayBody(message), headers)
      await chain.devnet.send('evm_setAutomine', [false])
      try {
        const taken = [await ask(await nth(1)), await ask(await nth(1, b), other)]
        expect(taken.map(({ status }) => status)).to.deep.equal([202, 202])
        const waiting = ask(await nth(2))
        while (
          Number(await chain.devnet.send('eth_getBlockTransactionCountByNumber', ['pending'])) < 2
        )
          await new Promise(setImmediate)
        await chain.devnet.send('evm_mine')
        for (const { body } of taken) {
          while ((await get(body['id'])).body['state'] === 'pending')
            await new Promise(setImmediate)
          expect((await get(body['id'])).body).to.have.property('transaction')
        }
        expect((await waiting).status, 'in its turn').to.equal(202)
      } finally {
        await chain.devnet.send('evm_setAutomine', [true])
        await chain.devnet.send('evm_mine')
      }
    })
  })

  describe('[82] with API keys', () => {
    const key = 'a key of sixteen'.replaceAll(' ', '-')

    it('[82] lets in only who has one, for both questions', async () => {
      await using at = await start({ apiKeys: apiKeys(['another-key-of-many', key]) })
      const body = relayBody(await signed())
      const wrong = [{}, ...['', 'Bearer', `Bearer ${key}x`, `Basic ${key}`].map(asHeader)]
      for (const headers of wrong) {
        expect(codeOf(await at.post(body, headers))).to.equal('401 relayer_api_key')
        expect(codeOf(await at.get('00', headers))).to.equal('401 relayer_api_key')
      }
      expect((await at.post(body, asHeader(`Bearer ${key}`))).status).to.equal(202)
    })

    it('[82] a client without a key is told so, and one with a key is served', async () => {
      await using at = await start({ apiKeys: apiKeys([key]) })
      const without = relayedAnchor(chain, openRelayed(chain, at.url))
      const having = relayedAnchor(chain, openRelayed(chain, at.url, { apiKey: key }))
      for (const anchor of [without, having]) await anchor.start()
      expect(await rejectionCode(without.submit(context, creation(), a))).to.equal(
        'CHAIN_RELAYER_REFUSED',
      )
      await having.submit(context, creation(), a)
      for (const anchor of [without, having]) await anchor.stop()
    })
  })

  describe('a client', () => {
    /** An anchor that somebody at an address carries for; stopped after the test. */
    const anchors: Anchor[] = []
    const anchorAt = async (url: string, patienceMs = 100): Promise<Anchor> => {
      const anchor = relayedAnchor(chain, openRelayed(chain, url, { patienceMs }))
      anchors.push(anchor)
      await anchor.start()
      return anchor
    }
    afterEach(async () => {
      for (const anchor of anchors.splice(0)) await anchor.stop()
    })

    const submit = async (url: string): Promise<string> =>
      reasonCode((await anchorAt(url)).submit(context, creation(), a))
    const says = (status: number, body: unknown) => async () => ({
      status,
      text: JSON.stringify(body),
    })

    it('[82] says so when the relayer is down', async () => {
      expect(await submit('http://127.0.0.1:9')).to.equal('ANCHOR_UNREACHABLE')
    })

    it('[82] finds the outcome when the relayer dies after it accepted', async () => {
      await using at = await start()
      let isDead = false
      await using proxy = await startStandIn(async (request) => {
        if (isDead) return 'hang up'
        isDead = true
        const { text } = await passOn(at.url, request)
        await at.settled((JSON.parse(text) as { id: string }).id)
        return 'hang up'
      })
      const anchor = await anchorAt(proxy.url)
      await anchor.submit(context, creation(), a)
      expect(await anchor.readContext(context)).to.not.equal(undefined)
      expect(await at.sent()).to.equal(1)
    })

    it('[82] finds the outcome when the relayer dies while it sends', async () => {
      await using at = await start()
      let isFirst = true
      await using proxy = await startStandIn(async (request) => {
        if (!isFirst) return 'hang up'
        isFirst = false
        return passOn(at.url, request)
      })
      const anchor = await anchorAt(proxy.url, 2000)
      await anchor.submit(context, creation(), a)
      expect(await at.sent()).to.equal(1)
    })

    it('[82] sends again when the relayer forgot it', async () => {
      const relays = [await start(), await start()]
      let isFirst = true
      await using proxy = await startStandIn(async (request) => {
        const url = relays[isFirst ? 0 : 1]?.url ?? ''
        isFirst = false
        return passOn(url, request)
      })
      const anchor = await anchorAt(proxy.url, 2000)
      await anchor.submit(context, creation(), a)
      expect(await relays[0]?.sent()).to.equal(1)
      for (const relay of relays) await relay.stop()
    })

    it('[82] does not believe in transactions that the chain does not have', async () => {
      const transaction = `0x${'ab'.repeat(32)}`
      await using liar = await startStandIn(
        says(200, { id: '00', state: 'final', transaction, block: '1' }),
      )
      expect(await submit(liar.url)).to.equal('ANCHOR_BAD_ANSWER')
    })

    it('[82] does not believe in transactions of something else', async () => {
      await using at = await start()
      const other = await at.settled((await at.carry(await nth(1, b))).body['id'])
      await using liar = await startStandIn(says(200, other.body))
      expect(await submit(liar.url)).to.equal('ANCHOR_BAD_ANSWER')
    })

    it('[82] does not believe in transactions whose call is cut off', async () => {
      // to the contract, by the right function, and its arguments end too soon: it fails, in a block
      const { contextAnchor } = chain.deployment.contracts
      const data = abiOf('ContextAnchor').encodeFunctionData('submit', ['0x', '0x']).slice(0, 74)
      const [from] = chain.devnet.accounts.map(({ address }) => address)
      const call = { from, to: contextAnchor.address, data, gas: '0x186a0' }
      await chain.devnet.send('eth_sendTransaction', [call]).catch(() => {}) // mined, and its failure reported
      const block = await chain.devnet.send('eth_getBlockByNumber', ['latest', true])
      const [mined] = (block as { transactions: { hash: string; input: string }[] }).transactions
      expect(mined?.input).to.equal(data)
      const lie = { id: '00', state: 'mined', transaction: mined?.hash, block: '1' }
      await using liar = await startStandIn(says(200, lie))
      expect(await submit(liar.url)).to.equal('ANCHOR_BAD_ANSWER')
    })

    it('[82] looks for itself when it is told of a refusal', async () => {
      await using at = await start()
      await using liar = await startStandIn(async (request) => {
        const { text } = await passOn(at.url, request)
        await at.settled((JSON.parse(text) as { id: string }).id)
        const refused = { id: '00', state: 'refused', number: 13, name: 'Unauthorized' }
        return { status: 422, text: JSON.stringify(refused) }
      })
      const anchor = await anchorAt(liar.url)
      await anchor.submit(context, creation(), a)
    })

    it('[82] keeps number and name of a refusal', async () => {
      await using at = await startStandIn(
        says(422, { id: '00', state: 'refused', number: 8, name: 'Sealed' }),
      )
      const anchor = await anchorAt(at.url)
      expect(await refusalOf(anchor.submit(context, creation(), a))).to.equal('Sealed')
    })

    it('[82] tells a quota from other failures', async () => {
      const failures: readonly (readonly [number, object, string])[] = [
        [429, { error: 'later', code: 'relayer_quota' }, 'ANCHOR_BUSY'],
        [403, { error: 'no', code: 'relayer_denied' }, 'CHAIN_RELAYER_REFUSED'],
        [502, { error: 'no', code: 'chain_unavailable' }, 'ANCHOR_UNREACHABLE'],
        [404, { error: 'no', code: 'not_found' }, 'ANCHOR_BAD_ANSWER'],
        [200, { state: 'paid' }, 'ANCHOR_BAD_ANSWER'],
        [200, { state: 'failed', code: 'CHAIN_FUNDS' }, 'CHAIN_RELAYER_FAILED'],
      ]
      for (const [status, body, code] of failures) {
        await using at = await startStandIn(says(status, body))
        expect(await submit(at.url)).to.equal(code)
      }
    })

    it('[82] follows no redirect, and reads no answer without end', async () => {
      await using at = await start()
      const location = `${at.url}/v1/operations`
      await using redirecting = await startStandIn(async () => ({
        ...{ status: 307, text: '', headers: { location } },
      }))
      expect(await submit(redirecting.url)).to.equal('ANCHOR_UNREACHABLE')
      await using endless = await startStandIn(says(200, { state: 'x'.repeat(1 << 20) }))
      expect(await submit(endless.url)).to.equal('ANCHOR_BAD_ANSWER')
      expect(await at.sent()).to.equal(0)
    })
  })
})

/** The code of a failure; of one that leaves a fate open, of what caused that. */
async function reasonCode(work: Promise<unknown>): Promise<string> {
  const { code, details } = await failure(work)
  return code === 'ANCHOR_FATE_UNKNOWN' ? String(details['reason']) : code
}

function bearer(key: string | undefined): Record<string, string> {
  return { authorization: `Bearer ${key ?? ''}` }
}

function asHeader(authorization: string): Record<string, string> {
  return { authorization }
}

async function harness(): Promise<AnchorHarness> {
  const chain = await freshChain()
  const relayer = await startTestRelayer(chain)
  const chainTime = await chainClock(chain)
  const clock = { ...systemClock, nowMs: () => chainTime.nowMs() }
  const service = openRelayed(chain, relayer.url, { clock })
  const anchors: Anchor[] = []
  return {
    service,
    scheme: service.scheme,
    clock: chainTime,
    async events() {
      const logged = await service.readEvents(0, Number.MAX_SAFE_INTEGER)
      return logged.map(({ event }) => event)
    },
    async anchor() {
      const anchor = relayedAnchor(chain, openRelayed(chain, relayer.url, { clock }), clock)
      anchors.push(anchor)
      await anchor.start()
      return anchor
    },
    async stop() {
      for (const anchor of anchors) await anchor.stop()
      await service.lifecycle.stop()
      await relayer.stop()
    },
  }
}

// relayers carry nothing to the package registry
anchorSuite('ethereum, through a relayer', harness, { hasPackages: false })
