/** Strangers: whoever can reach the port. */
import { encodePushFrame, WIRE_VERSION } from '../../../src/node/codec/push-frames.ts'
import { generateSigningKey } from '../../../src/node/crypto/sign.ts'
import type { Network } from '../../../src/node/network/network.ts'
import { systemRandom } from '../../../src/node/primitives/clock.ts'
import { ContextId } from '../../../src/node/primitives/ids.ts'
import { PUSH_PROTOCOL, SYNC_PROTOCOL } from '../../../src/node/sync/limits.ts'
import { signHeads } from '../../../src/node/sync/proof.ts'
import { madeUp, message, pause } from '../hostile.ts'
import { everyMs, insisting, type PeerScenario } from '../scenario.ts'

/** As many ids as fill what a node of before had places for. */
const FRESH_IDS = 511

export const STRANGER_SCENARIOS: readonly PeerScenario[] = [
  {
    name: 'connections-of-fresh-ids',
    standing: 'stranger',
    does: `connects with ${FRESH_IDS} fresh ids from one address and keeps the connections, while somebody is invited`,
    isNewcomerInvited: true,
    async prepare(hostile) {
      const networks: Network[] = []
      for (let i = 0; i < FRESH_IDS; i++) networks.push(await hostile.another())
      const { victim } = hostile.order
      return async (signal) => {
        const refused = new Set<Network>()
        const next = networks.values()
        const worker = async (): Promise<void> => {
          for (const network of next) {
            if (signal.aborted) return
            await network.dial(victim.addresses).catch(() => refused.add(network))
          }
        }
        await Promise.all(Array.from({ length: 8 }, worker))
        if (!signal.aborted)
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
        const held = networks.filter((network) => network.isConnected(victim.peer)).length
        return { refused: refused.size, held }
      }
    },
  },
  {
    name: 'gossip-garbage',
    standing: 'stranger',
    does: 'publishes 400 messages a second that do not decode',
    mustReach: ['unheard', 1],
    async prepare(hostile) {
      const publish = await hostile.gossip()
      return async (signal) => {
        const tally = { sent: 0, unheard: 0 }
        await everyMs(2.5, signal, async (turn) => {
          tally.sent++
          const { recipients } = (await publish(
            Uint8Array.of(turn & 1, ...systemRandom.bytes(300)),
          )) as { recipients: number }
          if (recipients === 0) tally.unheard++
        })
        return tally
      }
    },
  },
  {
    name: 'gossip-unauthored',
    standing: 'stranger',
    does: 'publishes 400 well-formed deltas a second by authors that are no members',
    mustReach: ['unheard', 1],
    async prepare(hostile) {
      const publish = await hostile.gossip()
      const deltas: Uint8Array[] = []
      const count = Math.min(4_000, 0.4 * hostile.order.attackMs)
      for (let i = 0; i < count; i++) {
        const author = generateSigningKey()
        deltas.push(message({ type: 'delta', envelope: hostile.delta({ author }).bytes }))
        if (i % 50 === 0) await pause(0)
      }
      return async (signal) => {
        const tally = { sent: 0, unheard: 0 }
        await everyMs(2.5, signal, async (turn) => {
          const data = deltas[turn]
          if (data === undefined) return pause(100)
          tally.sent++
          const { recipients } = (await publish(data)) as { recipients: number }
          if (recipients === 0) tally.unheard++
          return undefined
        })
        return tally
      }
    },
  },
  {
    name: 'gossip-heads-by-nobody',
    standing: 'stranger',
    does: 'publishes 200 well-signed Heads a second, each of another key and 128 heads that nobody made',
    async prepare(hostile) {
      const publish = await hostile.gossip()
      const make = (): Uint8Array => {
        const signer = generateSigningKey()
        const statement = {
          party: signer.publicKey,
          timeMs: BigInt(Date.now()),
          root: systemRandom.bytes(32),
          heads: madeUp(128),
          applied: 1n,
          hlc: new Uint8Array(24),
          epoch: 0,
          hash: systemRandom.bytes(32),
        }
        return message({
          type: 'heads',
          ...statement,
          signature: signHeads(hostile.context, statement, signer),
        })
      }
      return async (signal) => ({ sent: await everyMs(5, signal, () => publish(make())) })
    },
  },
  {
    name: 'garbage-pushed',
    standing: 'stranger',
    does: 'opens push streams and sends what is no frame',
    mustReach: ['shut', 1],
    async prepare(hostile) {
      return (signal) =>
        insisting(
          20,
          signal,
          () => hostile.hello(),
          async (push) => {
            push.stream.send(Uint8Array.of(4, ...systemRandom.bytes(300)))
            await push.read()
            await push.read()
          },
        )
    },
  },
  {
    name: 'joins-that-fail',
    standing: 'stranger',
    does: 'says with false proofs that it is a member, of contexts that are here and others',
    async prepare(hostile) {
      return (signal) =>
        insisting(
          2,
          signal,
          () => hostile.hello(),
          (push, turn) => {
            const isHere = turn % 2 === 0
            const context = isHere ? hostile.context : ContextId.from(systemRandom.bytes(32))
            push.send(push.joinFrame(context, hostile.key))
          },
        )
    },
  },
  {
    name: 'streams-that-say-nothing',
    standing: 'stranger',
    does: 'opens streams of both planes as fast as it can, says half a frame on each, and keeps them',
    async prepare(hostile) {
      await hostile.hello()
      const { victim } = hostile.order
      return async (signal) => {
        const tally = { sent: 0, refused: 0 }
        await everyMs(10, signal, async (turn) => {
          const protocol = turn % 2 === 0 ? PUSH_PROTOCOL : SYNC_PROTOCOL
          try {
            const stream = await hostile.network.open(victim.peer, protocol)
            stream.send(Uint8Array.of(0))
            tally.sent++
          } catch {
            tally.refused++
          }
        })
        return tally
      }
    },
  },
  {
    name: 'connections-churned',
    standing: 'stranger',
    does: 'connects and goes, again and again, each time as somebody else',
    isNewcomerInvited: true,
    async prepare(hostile) {
      const { victim } = hostile.order
      return async (signal) => {
        const tally = { sent: 0, refused: 0 }
        await everyMs(40, signal, async () => {
          const network = await hostile.another()
          await network.dial(victim.addresses).then(
            () => tally.sent++,
            () => tally.refused++,
          )
          await network.disconnect(victim.peer)
        })
        return tally
      }
    },
  },
  {
    name: 'another-version',
    standing: 'stranger',
    does: 'is an honest node of a later version: says so in its Hello, and comes back when it is told no',
    async prepare(hostile) {
      await hostile.hello()
      const { victim } = hostile.order
      const hello = encodePushFrame({
        type: 'hello',
        version: WIRE_VERSION + 1,
        nonce: systemRandom.bytes(16),
        addresses: [],
      })
      return async (signal) => {
        const tally = { sent: 0, answered: 0, cut: 0 }
        await everyMs(100, signal, async () => {
          tally.sent++
          try {
            const stream = await hostile.network.open(victim.peer, PUSH_PROTOCOL)
            stream.send(hello)
            const answer = await stream.read({ timeoutMs: 2_000 })
            if (answer !== undefined) tally.answered++
          } catch {
            tally.cut++
          }
        })
        return tally
      }
    },
  },
]
