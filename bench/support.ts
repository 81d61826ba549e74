/** How benchmarks print: one JSON line per figure. */

/** Prints one value. */
export function value(bench: string, amount: number, unit: string, extra: object = {}): void {
  console.log(JSON.stringify({ bench, value: round(amount), unit, ...extra }))
}

/** Prints the distribution of samples in milliseconds; `value` is the median. */
export function figure(bench: string, samples: readonly number[], extra: object = {}): void {
  const sorted = [...samples].sort((a, b) => a - b)
  const at = (part: number): number =>
    round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN)
  const [p50, p95, p99] = [at(0.5), at(0.95), at(0.99)]
  console.log(
    JSON.stringify({ bench, value: p50, unit: 'ms', n: sorted.length, p50, p95, p99, ...extra }),
  )
}

function round(amount: number): number {
  return Math.round(amount * 1000) / 1000
}
