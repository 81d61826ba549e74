/** The node's metrics port over prom-client. */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import type { GaugeOptions, MetricOptions, Metrics } from '../node/metrics.ts'

/** Metrics that can be read as Prometheus text. */
export interface PromMetrics extends Metrics {
  readonly contentType: string
  /** All current values, one text. */
  render(): Promise<string>
}

export interface PromMetricsInit {
  /** Also report the process: CPU, memory, event loop. @default true */
  readonly process?: boolean
}

/** A fresh registry behind the {@link Metrics} port. Asking twice for one name gives the same metric. */
export function promMetrics(init: PromMetricsInit = {}): PromMetrics {
  const registry = new Registry()
  if (init.process ?? true) collectDefaultMetrics({ register: registry })
  const made = new Map<string, unknown>()
  const once = <T>(name: string, make: () => T): T => {
    if (!made.has(name)) made.set(name, make())
    return made.get(name) as T // a name has one kind: components declare theirs in one place
  }
  const base = (name: string, { help, labels }: MetricOptions) => ({
    name,
    help,
    labelNames: [...(labels ?? [])],
    registers: [registry],
  })
  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    counter: (name, options) =>
      once(name, () => {
        const counter = new Counter(base(name, options))
        return { inc: (labels = {}, value = 1) => counter.inc(labels, value) }
      }),
    gauge: (name, options) =>
      once(name, () => {
        const { collect } = options
        const gauge: Gauge = new Gauge({
          ...base(name, options),
          ...(collect === undefined ? {} : { collect: () => read(gauge, collect) }),
        })
        return { set: (value, labels = {}) => gauge.set(labels, value) }
      }),
    histogram: (name, options) =>
      once(name, () => {
        const { buckets } = options
        const histogram = new Histogram({
          ...base(name, options),
          ...(buckets === undefined ? {} : { buckets: [...buckets] }),
        })
        return { observe: (value, labels = {}) => histogram.observe(labels, value) }
      }),
  }
}

function read(gauge: Gauge, collect: NonNullable<GaugeOptions['collect']>): void {
  gauge.reset()
  for (const { value, labels = {} } of collect()) gauge.set(labels, value)
}
