/** Readers and writers that wear a node down with what only members may send. */
import { boxSeal } from '../../../src/node/crypto/seal.ts'
import { concat } from '../../../src/node/primitives/bytes.ts'
import { systemRandom } from '../../../src/node/primitives/clock.ts'
import { domainTag } from '../../../src/node/primitives/hash.ts'
import { GroupId, type PublicKey, ZERO_ID } from '../../../src/node/primitives/ids.ts'
import { u32be, u64be } from '../../../src/node/store/keys.ts'
import type { PushFrame, WireGrant } from '../../../src/node/codec/push-frames.ts'
import type { Hostile } from '../hostile.ts'
import { madeUp, pause } from '../hostile.ts'
import { everyMs, insisting, type PeerScenario } from '../scenario.ts'

const GRANTS_PER_FRAME = 256

/** A key that nobody made, given to the victim with all signatures in order. */
function invented(hostile: Hostile, recipient: PublicKey, epoch: number): WireGrant {
  const { group, membersRevision } = hostile.order
  const [madeAt, coversTo] = [BigInt(membersRevision), BigInt(membersRevision)]
  const aad = concat(
    ...[domainTag('cali/key-grant/1'), GroupId.parse(group)],
    ...[u32be(epoch), u64be(madeAt), u64be(coversTo), recipient],
  )
  const sealed = boxSeal(recipient, aad, systemRandom.bytes(32), systemRandom)
  const signature = hostile.key.sign(concat(aad, sealed))
  return { epoch, madeAt, coversTo, sealed, giver: hostile.key.publicKey, signature }
}

function keysScenario(standing: 'reader' | 'writer'): PeerScenario {
  return {
    name: `keys-invented-by-a-${standing}`,
    standing,
    does: 'gives keys of 2 048 epochs that nobody made, over and over',
    async prepare(hostile) {
      const push = await hostile.join()
      const recipient = hostile.victim
      const frames: PushFrame[] = []
      for (let at = 0; at < 2_048; at += GRANTS_PER_FRAME) {
        const grants = Array.from({ length: GRANTS_PER_FRAME }, (_, i) =>
          invented(hostile, recipient, at + i + 1),
        )
        frames.push({ type: 'keys', context: hostile.context, grants })
        await pause(0)
      }
      let first: typeof push | undefined = push
      return (signal) =>
        insisting(
          200,
          signal,
          async () => {
            const stream = first ?? (await hostile.join())
            first = undefined
            return stream
          },
          (stream, turn) => {
            const frame = frames[turn % frames.length]
            if (frame !== undefined) stream.send(frame)
          },
        )
    },
  }
}

/** Heads that nobody can show. */
function headsFrame(hostile: Hostile, count: number): PushFrame {
  return {
    type: 'heads',
    context: hostile.context,
    root: systemRandom.bytes(32),
    heads: madeUp(count),
    applied: 1_000_000n,
    hlc: new Uint8Array(24),
    epoch: 0,
    hash: systemRandom.bytes(32),
  }
}

export const MEMBER_SCENARIOS: readonly PeerScenario[] = [
  keysScenario('reader'),
  keysScenario('writer'),
  {
    name: 'head-made-up-and-answers-dripped',
    standing: 'reader',
    does: 'names a head that nobody made, and answers what is asked with one old envelope every 300 ms',
    async prepare(hostile) {
      const push = await hostile.join()
      const old = await hostile.oldEnvelope()
      let asked = 0
      hostile.answer(async ({ request }, say) => {
        asked++
        if (request.type === 'frontier') {
          const author = hostile.key.publicKey
          const authors = [{ author, height: 1_000n, digest: new Uint8Array(16) }]
          say({ type: 'frontier', more: false, authors })
          return
        }
        for (;;) {
          await pause(300)
          say({ type: 'envelopes', items: [old] })
        }
      })
      return async (signal) => {
        const sent = await everyMs(1_000, signal, () => push.send(headsFrame(hostile, 1)))
        return { sent, asked }
      }
    },
  },
  {
    name: 'heads-made-up',
    standing: 'reader',
    does: 'tells 40 times a second of 128 heads that nobody made',
    async prepare(hostile) {
      const push = await hostile.join()
      hostile.answer(({ request }, say) => {
        if (request.type === 'frontier') say({ type: 'frontier', more: false, authors: [] })
        else say({ type: 'end', more: false, unknown: [], pruned: [] })
      })
      const frames = Array.from({ length: 256 }, () => headsFrame(hostile, 128))
      let first: typeof push | undefined = push
      return (signal) =>
        insisting(
          25,
          signal,
          async () => {
            const stream = first ?? (await hostile.join())
            first = undefined
            return stream
          },
          (stream, turn) => {
            const frame = frames[turn % frames.length]
            if (frame !== undefined) stream.send(frame)
          },
        )
    },
  },
  {
    name: 'parents-withheld',
    standing: 'writer',
    does: 'sends 2 500 deltas with 64 parents each that nobody ever sees',
    async prepare(hostile) {
      const push = await hostile.join()
      const deltas: Uint8Array[] = []
      for (let i = 0; i < 2_500; i++) {
        deltas.push(hostile.delta({ parents: madeUp(64) }).bytes)
        if (i % 50 === 0) await pause(0)
      }
      return (signal) => spend(hostile, push, deltas, signal)
    },
  },
  ...(['state', 'merge'] as const).map((kind): PeerScenario => ({
    name: kind === 'state' ? 'forks' : 'forks-that-say-they-are-merges',
    standing: 'writer',
    does: `sends 1 500 deltas that all fork from one parent${kind === 'merge' ? ', and says that they are merges' : ''}`,
    async prepare(hostile) {
      const push = await hostile.join()
      const deltas: Uint8Array[] = []
      for (let i = 0; i < 1_500; i++) {
        deltas.push(hostile.delta({ kind }).bytes)
        if (i % 50 === 0) await pause(0)
      }
      return (signal) => spend(hostile, push, deltas, signal)
    },
  })),
  {
    name: 'stamps-ahead',
    standing: 'writer',
    does: 'sends 2 500 deltas that are dated an hour ahead',
    async prepare(hostile) {
      const push = await hostile.join()
      const deltas: Uint8Array[] = []
      const nowNs = BigInt(Date.now() + 3_600_000) * 1_000_000n
      for (let i = 0; i < 2_500; i++) {
        deltas.push(hostile.delta({ nowNs: nowNs + BigInt(i) * 1_000_000n }).bytes)
        if (i % 50 === 0) await pause(0)
      }
      return (signal) => spend(hostile, push, deltas, signal)
    },
  },
  {
    name: 'stamps-due-at-once',
    standing: 'writer',
    does: 'sends 2 500 deltas that are dated half a minute ahead, so that all are due in one moment',
    async prepare(hostile) {
      const push = await hostile.join()
      const deltas: Uint8Array[] = []
      const nowNs = BigInt(Date.now() + 35_000) * 1_000_000n
      for (let i = 0; i < 2_500; i++) {
        deltas.push(hostile.delta({ nowNs: nowNs + BigInt(i) }).bytes)
        if (i % 50 === 0) await pause(0)
      }
      return (signal) => spend(hostile, push, deltas, signal)
    },
  },
  {
    name: 'parent-shown-last',
    standing: 'writer',
    does: 'sends 2 000 deltas that build on one it keeps to itself, and then that one',
    async prepare(hostile) {
      const push = await hostile.join()
      const parent = hostile.delta()
      const deltas: Uint8Array[] = []
      for (let i = 0; i < 2_000; i++) {
        deltas.push(hostile.delta({ parents: [parent.id] }).bytes)
        if (i % 50 === 0) await pause(0)
      }
      return (signal) => spend(hostile, push, [...deltas, parent.bytes], signal)
    },
  },
  {
    name: 'deltas-of-a-reader',
    standing: 'reader',
    does: 'sends 2 500 deltas though it may write none',
    async prepare(hostile) {
      const push = await hostile.join()
      const deltas: Uint8Array[] = []
      for (let i = 0; i < 2_500; i++) {
        deltas.push(hostile.delta({ parents: [ZERO_ID] }).bytes)
        if (i % 50 === 0) await pause(0)
      }
      return (signal) => spend(hostile, push, deltas, signal)
    },
  },
  {
    name: 'requests-without-end',
    standing: 'reader',
    does: 'asks for frontier, history and keys eight at a time, as fast as it is answered',
    async prepare(hostile) {
      let first: Awaited<ReturnType<Hostile['requests']>> | undefined = await hostile.requests()
      const { context } = hostile
      return async (signal) => {
        let answers = 0
        let refused = 0
        const tally = await insisting(
          2,
          signal,
          async () => {
            const stream = first ?? (await hostile.requests())
            first = undefined
            void (async () => {
              for (;;) {
                const got = await stream.read()
                if (got === undefined) return
                if (got.answer.type === 'error') refused++
                else answers++
              }
            })().catch(() => {})
            return stream
          },
          (stream) => {
            const epochs = Array.from({ length: 256 }, (_, i) => i)
            const want = madeUp(1_000)
            stream.send({ type: 'frontier', context })
            stream.send({ type: 'keys', context, epochs })
            stream.send({ type: 'deltas', context, want, have: want, maxBytes: 8 << 20 })
          },
        )
        return { ...tally, answers, refused }
      }
    },
  },
  {
    name: 'joins-and-acks-repeated',
    standing: 'reader',
    does: 'proves over and over what it has proved, and acknowledges heads that nobody made',
    async prepare(hostile) {
      let first: Awaited<ReturnType<Hostile['join']>> | undefined = await hostile.join()
      const heads = madeUp(128)
      return (signal) =>
        insisting(
          2,
          signal,
          async () => {
            const stream = first ?? (await hostile.join())
            first = undefined
            return stream
          },
          (stream) => {
            stream.send(stream.joinFrame(hostile.context, hostile.key))
            stream.send({ type: 'ack', context: hostile.context, heads })
            stream.send({ type: 'ping', value: 1n })
          },
        )
    },
  },
]

/** Sends deltas as fast as the victim reads, and then nothing. */
async function spend(
  hostile: Hostile,
  push: Awaited<ReturnType<Hostile['join']>>,
  deltas: readonly Uint8Array[],
  signal: AbortSignal,
): Promise<{ sent: number }> {
  let sent = 0
  const isOver = new Promise((resolve) => signal.addEventListener('abort', resolve))
  try {
    for (const envelope of deltas) {
      if (signal.aborted) break
      push.send({ type: 'delta', context: hostile.context, envelope })
      sent++
      if (sent % 32 === 0) await Promise.race([push.stream.drained(), isOver])
    }
  } catch {
    // cut off
  }
  await isOver
  return { sent }
}
