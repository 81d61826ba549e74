import { expect } from 'chai'
import { promMetrics } from '../../../src/server/index.ts'

describe('promMetrics', () => {
  it('renders what was counted', async () => {
    const metrics = promMetrics({ process: false })
    metrics.counter('merogate_a_total', { help: 'a', labels: ['x'] }).inc({ x: '1' }, 2)
    metrics.gauge('merogate_b', { help: 'b' }).set(7)
    metrics.histogram('merogate_c_seconds', { help: 'c', buckets: [1, 2] }).observe(1.5)
    const text = await metrics.render()
    expect(text).to.include('merogate_a_total{x="1"} 2')
    expect(text).to.include('merogate_b 7')
    expect(text).to.include('merogate_c_seconds_bucket{le="2"} 1')
  })

  it('asks for the values of a gauge that collects them, and forgets those it had', async () => {
    const metrics = promMetrics({ process: false })
    let readings = [{ value: 2, labels: { x: '1' } }]
    const collect = (): typeof readings => readings
    metrics.gauge('merogate_d_count', { help: 'd', labels: ['x'], collect })
    expect(await metrics.render()).to.include('merogate_d_count{x="1"} 2')
    readings = [{ value: 3, labels: { x: '2' } }]
    const text = await metrics.render()
    expect(text).to.include('merogate_d_count{x="2"} 3')
    expect(text).not.to.include('{x="1"}')
  })

  it('gives the same metric to whoever asks for its name', async () => {
    const metrics = promMetrics({ process: false })
    for (let i = 0; i < 2; i++) metrics.counter('merogate_a_total', { help: 'a' }).inc()
    expect(await metrics.render()).to.include('merogate_a_total 2')
  })
})
