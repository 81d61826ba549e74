/** Ends a process of tests in which something stays open: libp2p takes up to two seconds to drain, a chain in process less. */

/** How long things may stay open after the last test until this process ends anyway, ms. */
const DRAIN_MS = 20_000

/** Fails the process when it does not end by itself. */
export function drain(onLate: (left: string) => void = () => {}): void {
  setTimeout(() => {
    const left = process.getActiveResourcesInfo().join(', ')
    console.error(`still open after the tests: ${left}`)
    onLate(left)
    process.exit(1)
  }, DRAIN_MS).unref()
}
