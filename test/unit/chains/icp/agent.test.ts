/** One endpoint, and calls through several, on the local chain. */
import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { expect } from 'chai'
import { IcpClient } from '../../../../src/chains/icp/rpc/agent.ts'
import { ask } from '../../../../src/chains/icp/rpc/asked.ts'
import { callCanister } from '../../../../src/chains/icp/rpc/calls.ts'
import { icpRpc } from '../../../../src/chains/icp/rpc/rpc.ts'
import { principalOf, senderOf } from '../../../../src/chains/icp/rpc/sender.ts'
import type { Endpoints } from '../../../../src/chains/shared/endpoints.ts'
import { EMPTY, toHex } from '../../../../src/node/primitives/bytes.ts'
import { systemClock } from '../../../../src/node/primitives/clock.ts'
import { silentLogger } from '../../../../src/node/primitives/logger.ts'
import { sha256 } from '../../../../src/node/primitives/hash.ts'
import { rejectionCode } from '../../../support/error-code.ts'
import { canister, COUNTER, numberOf } from '../../../support/icp-canisters.ts'
import { type IcpWorld, openWorld, waitFor } from '../../../support/icp-devnet.ts'

/** Answers with how long the name of its caller is. */
const WHO = canister(`(func (export "canister_update who")
  (call $answer (i64.extend_i32_u (call $msg_caller_size))))`)

describe('an endpoint of the Internet Computer', function () {
  this.timeout(30_000)
  let world: IcpWorld
  before(async () => {
    world = await openWorld({ hasSubnet: true })
  })
  after(() => world[Symbol.asyncDispose]())

  function endpoints(init: Partial<ConstructorParameters<typeof IcpClient>[0]> = {}): Endpoints {
    const { url, rootKey } = world.chain
    return icpRpc({ urls: [url], rootKey, logger: silentLogger, ...init, clock: systemClock })
  }

  it('asks, calls, and reads what is certified', async () => {
    const id = (await world.install(COUNTER)).toUint8Array()
    const rpc = endpoints()
    const calls = { rpc, clock: systemClock, pollMs: 5 }
    const question = { canister: id, method: 'ok', arg: EMPTY }
    const end = await callCanister(calls, question)
    expect(end.state === 'replied' && numberOf(end.reply)).to.equal(1_001_001n)
    const query = { ...question, method: 'peek' }
    const asked = await rpc.run((endpoint) => ask(endpoint, 'query', query))
    expect(numberOf(asked)).to.equal(2_002_002n)
    const paths = [['canister', id, 'module_hash']]
    const read = await rpc.run((endpoint) => ask(endpoint, 'read_state', { canister: id, paths }))
    expect(toHex(read.find('canister', id, 'module_hash') ?? EMPTY)).to.equal(
      toHex(sha256(COUNTER)),
    )
    const trapped = await callCanister(calls, { ...question, method: 'bad' })
    expect(trapped).to.include({ state: 'rejected', code: 5 })
  })

  it('believes no certificate of another network', async () => {
    const id = (await world.install(COUNTER)).toUint8Array()
    const other = await openWorld({ seed: 'another' })
    const { rootKey } = other.chain
    await other[Symbol.asyncDispose]()
    const client = new IcpClient({ url: world.chain.url, rootKey, clock: systemClock })
    const reading = ask(client, 'read_state', { canister: id, paths: [['time']] })
    expect(await rejectionCode(reading)).to.equal('ANCHOR_BAD_ANSWER')
    const question = { canister: id, method: 'ok', arg: EMPTY }
    const rpc = endpoints({ rootKey })
    const calling = callCanister({ rpc, clock: systemClock, pollMs: 5 }, question)
    expect(await rejectionCode(calling)).to.equal('CHAIN_WRONG_NETWORK')
  })

  it('signs with keys of ed25519 and secp256k1', async () => {
    const id = (await world.install(WHO)).toUint8Array()
    const keys = [
      createPrivateKey(world.chain.account.pem),
      generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey,
    ]
    for (const sender of keys.map(senderOf)) {
      expect(principalOf(sender)).to.have.length(29)
      const calls = { rpc: endpoints({ sender }), clock: systemClock, pollMs: 5 }
      const end = await callCanister(calls, { canister: id, method: 'who', arg: EMPTY })
      expect(end.state === 'replied' && numberOf(end.reply)).to.equal(29n)
    }
  })

  it('follows a call whose answer did not come', async () => {
    const id = (await world.install(COUNTER)).toUint8Array()
    await world.chain.setMessages('manual')
    const rpc = endpoints({ bounds: { timeoutMs: 200 } })
    const question = { canister: id, method: 'ok', arg: EMPTY }
    const calling = callCanister({ rpc, clock: systemClock, pollMs: 5 }, question)
    await waitFor(world.chain, 1)
    await new Promise((resolve) => setTimeout(resolve, 300))
    await world.chain.setMessages('instant')
    const end = await calling
    expect(end.state === 'replied' && numberOf(end.reply)).to.equal(1_001_001n)
  })

  it('learns the clock of a chain that moved by hours, as often as it moves', async () => {
    const id = (await world.install(COUNTER)).toUint8Array()
    const calls = { rpc: endpoints(), clock: systemClock, pollMs: 5 }
    const question = { canister: id, method: 'ok', arg: EMPTY }
    for (const hours of [0, 5, 11]) {
      await world.chain.moveTime(hours * 3_600_000)
      const end = await callCanister(calls, question)
      expect(end.state).to.equal('replied')
    }
  })
})
