import { expect } from 'chai'
import {
  type LazyFacts,
  LazyService,
  type LoadedService,
} from '../../../../src/chains/shared/lazy-service.ts'
import { localAuthority } from '../../../../src/chains/local/model/authority.ts'
import { systemClock, systemRandom } from '../../../../src/node/primitives/clock.ts'
import { silentLogger } from '../../../../src/node/primitives/logger.ts'
import { codeOf } from '../../../compliance/anchor-support.ts'

/** Services that a test loads, and how many of them run. */
class World {
  loads = 0
  running = 0
  readonly gates: PromiseWithResolvers<void>[] = []

  service(facts: Partial<LazyFacts> = {}, more: Partial<LoadedService> = {}): LazyService {
    return new LazyService(
      async () => {
        this.loads++
        await this.gates.shift()?.promise
        const components = { clock: systemClock, random: systemRandom, logger: silentLogger }
        const authority = localAuthority({}, components)
        await authority.start()
        const lifecycle = {
          start: async () => void this.running++,
          stop: async () => void this.running--,
        }
        return {
          readDomain: () => authority.readDomain(),
          readContext: (id) => authority.readContext(id),
          readGroup: (id) => authority.readGroup(id),
          readMember: (group, identity) => authority.readMember(group, identity),
          readStanding: (group, identity) => authority.readStanding(group, identity),
          readMemberPage: (...args) => authority.readMemberPage(...args),
          findApplied: (envelope) => authority.findApplied(envelope),
          submit: (signed) => authority.submit(signed),
          waitForChanges: (...args) => authority.waitForChanges(...args),
          lifecycle,
          ...more,
        }
      },
      { supports: {}, ...facts },
    )
  }
}

describe('a service that is loaded when it starts', () => {
  it('cannot be asked before, and not after it stopped', async () => {
    const world = new World()
    const service = world.service()
    expect(await codeOf(service.readDomain())).to.equal('ANCHOR_UNREACHABLE')
    await service.lifecycle.start()
    expect(await codeOf(service.readDomain())).to.equal('no error')
    await service.lifecycle.stop()
    expect(await codeOf(service.readDomain())).to.equal('ANCHOR_UNREACHABLE')
    expect(world.running).to.equal(0)
  })

  it('has no clock, scheme or successors but where it says so', async () => {
    const none = new World().service()
    expect(none.readTime).to.equal(undefined)
    expect(none.scheme).to.equal(undefined)
    expect(none.successor).to.equal(undefined)
    expect(none.packages.readTime).to.equal(undefined)
    const some = new World().service({ hasClock: true }, { readTime: async () => 7n })
    await some.lifecycle.start()
    expect(await some.readTime?.()).to.equal(7n)
    await some.lifecycle.stop()
  })

  it('runs once, however often it is started while it is loaded', async () => {
    const world = new World()
    const gate = Promise.withResolvers<void>()
    world.gates.push(gate)
    const service = world.service()
    const starts = [service.lifecycle.start(), service.lifecycle.start()]
    gate.resolve()
    await Promise.all(starts)
    expect(world).to.include({ loads: 1, running: 1 })
    await service.lifecycle.stop()
    expect(world.running).to.equal(0)
  })

  it('does not run when it was stopped while it was loaded, and does when it is started again', async () => {
    const world = new World()
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    world.gates.push(...gates)
    const service = world.service()
    const first = service.lifecycle.start()
    await service.lifecycle.stop()
    gates[0]?.resolve()
    await first
    expect(world.running).to.equal(0)
    const second = service.lifecycle.start()
    gates[1]?.resolve()
    await second
    expect(world.running).to.equal(1)
    await service.lifecycle.stop()
    expect(world.running).to.equal(0)
  })

  it('is loaded anew after that failed', async () => {
    const world = new World()
    const gate = Promise.withResolvers<void>()
    world.gates.push(gate)
    const service = world.service()
    const first = service.lifecycle.start()
    gate.reject(new RangeError('a test'))
    expect(await first.catch((error: unknown) => error)).to.be.instanceOf(RangeError)
    await service.lifecycle.start()
    expect(world).to.include({ loads: 2, running: 1 })
    await service.lifecycle.stop()
  })
})
