/** Ctrl-C and SIGTERM: the first one asks the program to end, the second one ends it at once. */

/** Shells say 128 + number of the signal. */
const EXIT_KILLED = 130

/** Resolves with the first SIGINT or SIGTERM. From then on another one ends the process without waiting for anything. */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let count = 0
    const received = (signal: NodeJS.Signals): void => {
      if (++count > 1) process.exit(EXIT_KILLED)
      resolve(signal)
    }
    process.on('SIGINT', received)
    process.on('SIGTERM', received)
  })
}
