/**
 * The metrics a component is given. Names are `merogate_<area>_<what>_<unit>`, base units (seconds, bytes), labels of low cardinality (never
 * ids). The composition root adapts a registry (prom-client) to this interface; a library user may leave it out.
 */
export interface Counter {
  inc(labels?: Readonly<Record<string, string>>, value?: number): void
}

export interface Gauge {
  set(value: number, labels?: Readonly<Record<string, string>>): void
}

export interface Histogram {
  observe(value: number, labels?: Readonly<Record<string, string>>): void
}

export interface MetricOptions {
  readonly help: string
  readonly labels?: readonly string[]
}

export interface GaugeOptions extends MetricOptions {
  /** Says all values anew whenever somebody reads them; what it does not name any more is gone. */
  readonly collect?: () => Iterable<GaugeReading>
}

/** One value of a gauge. */
export interface GaugeReading {
  readonly value: number
  readonly labels?: Readonly<Record<string, string>>
}

export interface Metrics {
  counter(name: string, options: MetricOptions): Counter
  gauge(name: string, options: GaugeOptions): Gauge
  histogram(
    name: string,
    options: MetricOptions & { readonly buckets?: readonly number[] },
  ): Histogram
}

const nothing = (): void => {}

/** Counts nothing: the default of a library. */
export const noMetrics: Metrics = {
  counter: () => ({ inc: nothing }),
  gauge: () => ({ set: nothing }),
  histogram: () => ({ observe: nothing }),
}
