/** How the checks of the repository print what they found. */

/** Prints problems, one a line, and what to do about them; the exit code is 1 when there are any. */
export function report(what: string, problems: readonly string[], advice: string): void {
  for (const problem of problems) console.error(problem)
  if (problems.length === 0) {
    console.log(`${what}: ok`)
    return
  }
  console.error(`${what}: ${problems.length} found. ${advice}`)
  process.exitCode = 1
}
