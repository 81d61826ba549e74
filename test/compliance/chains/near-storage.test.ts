/** Who pays for what is stored on NEAR: an account whose key can attach a deposit, or credit that was paid in before. */
import { expect } from 'chai'
import { addKey } from '../../../src/chains/near/deploy/add-key.ts'
import { newSecretKey } from '../../../src/chains/near/key.ts'
import { judge } from '../../../src/chains/near/inspect/checks.ts'
import { inspectChain } from '../../../src/chains/near/inspect/inspect.ts'
import { callAction, SigningKey } from '../../../src/chains/near/send/account.ts'
import { signedArgs } from '../../../src/chains/near/contracts/codec.ts'
import { STORAGE_PRICE, TERA } from '../../../src/chains/near/constants.ts'
import type { TransactionSender } from '../../../src/chains/near/send/sender.ts'
import type { NearService } from '../../../src/chains/near/service.ts'
import { systemClock } from '../../../src/node/primitives/clock.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { NearFaults } from '../../support/near-faults.ts'
import { add, crowd } from '../anchor-bench.ts'
import { codeOf, contextOf, creation, ownGroup, person, refusalOf } from '../anchor-support.ts'

/** One NEAR. */
const ONE = 10n ** 24n

describe('anchor: near, storage', () => {
  const t = new NearFaults()
  t.hooks()

  const senderOf = ({ sender }: NearService): TransactionSender => {
    if (sender === undefined) throw new RangeError('expected a service with an account')
    return sender
  }

  async function balance(index: number): Promise<bigint> {
    const account = (await t.chain.devnet.send('query', {
      ...{ request_type: 'view_account', finality: 'optimistic' },
      account_id: t.chain.devnet.accounts[index]?.accountId,
    })) as { amount: string } // of our own chain
    return BigInt(account.amount)
  }

  async function nonceOf(key: string): Promise<number> {
    const answer = (await t.chain.devnet.send('query', {
      ...{ request_type: 'view_access_key', finality: 'optimistic', public_key: key },
      account_id: t.chain.devnet.accounts[2]?.accountId,
    })) as { nonce: number } // of our own chain
    return answer.nonce
  }

  /** Sends an envelope with this very deposit; what became of it. */
  async function apply(service: NearService, deposit: bigint, n: number): Promise<string> {
    const { contexts } = t.chain.deployment.contracts
    const domain = await service.readDomain()
    const validUntil = BigInt(Math.floor(Date.now() / 1000)) + 600n
    const { sign } = await import('../anchor-support.ts')
    const subject = contextOf(t.a, n)
    const fields = { domain, subject, nonce: 0n, validUntil }
    const signed = await sign(t.a, creation(n), fields)
    const gas = 100n * TERA
    const actions = [callAction('apply', signedArgs(signed), { gas, deposit })]
    const sent = await senderOf(service).send({ receiver: contexts.address, actions })
    return 'refusal' in sent ? sent.refusal.name : 'accepted'
  }

  it('[77] refuses a deposit below what is stored, and gives back what is above it', async () => {
    const service = t.service([t.chain.url])
    expect(await apply(service, 1n, 1)).to.equal('InsufficientDeposit')
    const before = await balance(2)
    expect(await apply(service, 5n * ONE, 1)).to.equal('accepted')
    const spent = before - (await balance(2))
    expect(spent > 100n * STORAGE_PRICE, 'what is stored is paid').to.equal(true)
    expect(spent < ONE / 20n, 'the rest came back').to.equal(true)
  })

  it('[77] attaches what an operation takes, and no more is gone', async () => {
    const anchor = await t.over(t.service([t.chain.url]))
    const before = await balance(2)
    await anchor.submit(t.context, creation(), t.a)
    expect(before - (await balance(2)) < ONE / 20n).to.equal(true)
  })

  it('needs no full-access key: a key for apply alone sends with credit, and is told when that is used up', async () => {
    const owner = t.service([t.chain.url])
    const { contexts } = t.chain.deployment.contracts
    const key = new SigningKey(newSecretKey(new Uint8Array(32).fill(9)))
    const given = {
      ...{ rpc: owner.rpc, sender: senderOf(owner), contract: contexts.address, key },
      ...{ allowance: ONE, credit: ONE / 50n },
    }
    const added = await addKey(given)
    expect(added).to.deep.include({ isAdded: true, allowance: ONE, credit: ONE / 50n })
    expect(await addKey(given)).to.deep.include({ isAdded: false, paid: 0n })
    const { account } = senderOf(owner)
    const limited = t.service([t.chain.url], { payer: { account, signers: [key] } })
    const anchor = await t.over(limited)
    await anchor.submit(t.context, creation(), t.a)
    await anchor.submit(t.group, add(t.b), t.a)
    expect(await senderOf(limited).canDeposit(contexts.address)).to.equal(false)
    // 20 000 bytes are paid for, and each member takes hundreds
    const many = crowd(120)
    let refused: unknown
    let before: unknown
    for (let from = 0; from < many.length && refused === undefined; from += 16) {
      before = await nonceOf(key.name)
      const outcome = await refusalOf(
        anchor.submit(t.group, add(...many.slice(from, from + 16)), t.a),
      )
      if (outcome !== 'accepted') refused = outcome
    }
    expect(refused).to.equal('InsufficientDeposit')
    expect(await nonceOf(key.name), 'nothing was sent').to.equal(before)
    // nor does it do anything else
    const actions = [callAction('storage_withdraw', new Uint8Array(), { gas: 10n * TERA })]
    const stolen = senderOf(limited).send({
      ...{ receiver: contexts.address, actions, method: 'storage_withdraw' },
    })
    expect(await codeOf(stolen)).to.equal('CHAIN_KEY')
  })

  it('says so when the account cannot pay, or its key is its key no more', async () => {
    const service = t.service([t.chain.url])
    const anchor = await t.over(service)
    const account_id = t.chain.devnet.accounts[2]?.accountId
    const account = { amount: `${10n ** 21n}`, locked: '0' }
    const records = [{ Account: { account_id, account } }]
    await t.chain.devnet.send('sandbox_patch_state', { records })
    expect(await codeOf(anchor.submit(t.context, creation(), t.a))).to.equal('CHAIN_FUNDS')
    const strange = new SigningKey(newSecretKey(new Uint8Array(32).fill(7)))
    const payer = { account: String(account_id), signers: [strange] }
    const other = await t.over(t.service([t.chain.url], { payer }))
    expect(await codeOf(other.submit(t.context, creation(), t.a))).to.equal('CHAIN_KEY')
  })

  it('is told of by the doctor: which sort of key, and what is left', async () => {
    const owner = t.service([t.chain.url])
    const { deployment } = t.chain
    const key = new SigningKey(newSecretKey(new Uint8Array(32).fill(9)))
    const { account: address } = senderOf(owner)
    const look = async (keys: readonly string[]): Promise<Record<string, string>> => {
      const report = await inspectChain({
        ...{ rpcUrls: [t.chain.url], deployment, account: { address, keys } },
        ...{ clock: systemClock, logger: silentLogger },
      })
      const checks = judge(report, { operations: 100, isPaying: true })
      return Object.fromEntries(checks.map(({ name, level }) => [name, level]))
    }
    const full = t.chain.devnet.accounts[2]?.publicKey ?? ''
    expect(await look([full])).to.deep.equal({
      ...{ endpoint: 'ok', clock: 'ok', contracts: 'ok', balance: 'ok', key: 'warn' },
    })
    expect(await look([key.name])).to.include({ key: 'fail' })
    await addKey({
      ...{ rpc: owner.rpc, sender: senderOf(owner), key, allowance: ONE, credit: ONE },
      contract: deployment.contracts.contexts.address,
    })
    expect(await look([key.name])).to.include({ key: 'ok', credit: 'ok', balance: 'ok' })
  })

  it('[44] costs the same for one member as for a hundred', async () => {
    const service = t.service([t.chain.url])
    const anchor = await t.over(service)
    await anchor.submit(t.context, creation(), t.a)
    const measure = async (name: string): Promise<number> => {
      const { transaction } = await anchor.submit(ownGroup(t.context), add(person(name)), t.a)
      const [hash, account] = transaction.split('@')
      const answer = (await t.chain.devnet.send('tx', {
        ...{ tx_hash: hash, sender_account_id: account, wait_until: 'FINAL' },
      })) as { receipts_outcome: readonly { outcome: { gas_burnt: number } }[] } // of our own chain
      return answer.receipts_outcome[0]?.outcome.gas_burnt ?? 0
    }
    await measure('first')
    const alone = await measure('one')
    await anchor.submit(t.group, add(...crowd(100)), t.a)
    expect(await measure('two')).to.be.within(alone * 0.95, alone * 1.05)
  })
})
