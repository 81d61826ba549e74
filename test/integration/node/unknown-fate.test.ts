/** Operations that a node signed and sent and of which it heard no end, over a restart of the whole node. */
import { expect } from 'chai'
import { envelopeAnchor } from '../../../src/node/anchor/envelope-anchor.ts'
import { unreachable } from '../../../src/node/anchor/errors.ts'
import { localAuthority } from '../../../src/chains/local/model/authority.ts'
import type { EnvelopeService } from '../../../src/node/anchor/service.ts'
import { systemClock, systemRandom } from '../../../src/node/primitives/clock.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { promMetrics } from '../../../src/server/index.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { intercept } from '../../support/intercept.ts'
import { infoOf, newContext, nodeWorld } from '../../support/real-node.ts'

describe('an operation whose fate is not known', () => {
  for (const isDelivered of [true, false]) {
    const how = isDelivered ? 'and was applied' : 'and was not applied'
    it(`is found by the node that is started again, shown, and joined by the same call: it was sent ${how}`, async () => {
      await using world = await nodeWorld()
      const clock = systemClock
      const authority = localAuthority({}, { clock, random: systemRandom, logger: silentLogger })
      await authority.start()
      let isLosing = false
      let sent = 0
      const submit: EnvelopeService['submit'] = async (signed) => {
        sent++
        if (isDelivered || !isLosing) await authority.submit(signed)
        if (isLosing) throw unreachable('here')
        const { height } = authority
        return { accepted: true, transaction: '', height: BigInt(height) }
      }
      const lost: EnvelopeService['findApplied'] = async (envelope) => {
        if (isLosing) throw unreachable('here')
        return authority.findApplied(envelope)
      }
      const names = { protocol: 'local', network: 'local', contract: 'local' }
      const service = intercept(authority, { submit, findApplied: lost })
      const anchors = [envelopeAnchor({ ...names, service })]
      const a = await world.node('a', { anchors })
      const { context } = await newContext(a)
      const invitee = await a.identities.create()
      isLosing = true
      expect(await rejectionCode(a.contexts.invite({ context, invitee }))).to.equal(
        'ANCHOR_FATE_UNKNOWN',
      )
      const before = (await infoOf(a, context)).intents
      await a.stop()

      const metrics = promMetrics()
      const again = await world.node('a', { anchors, metrics })
      const { intents } = await infoOf(again, context)
      expect(intents).to.deep.equal(before)
      expect(intents).to.have.lengthOf(1)
      expect(intents[0]).to.include({ kind: 'operation', state: 'waiting' })
      expect(intents[0]?.reason?.code).to.equal('ANCHOR_FATE_UNKNOWN')
      expect(again.contexts.intents()).to.deep.equal(intents)
      const gauge = 'merogate_context_intents{kind="operation",state="waiting"}'
      expect(await metrics.render()).to.include(`${gauge} 1`)

      isLosing = false
      const tries = sent
      await again.contexts.invite({ context, invitee })
      expect(sent - tries, 'sent once more, where nobody has it').to.equal(isDelivered ? 0 : 1)
      expect((await infoOf(again, context)).intents).to.deep.equal([])
      expect(await metrics.render()).to.not.include(gauge)
      await again.stop()
      await authority.stop()
    })
  }
})
