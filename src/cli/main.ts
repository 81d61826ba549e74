#!/usr/bin/env node
/** The `merogate` command. */
import { CommanderError } from 'commander'
import { toMerogateError } from '../node/errors.ts'
import { packageVersion } from '../node/package-version.ts'
import { EXIT_OK, EXIT_USAGE, exitCodeOf } from './errors.ts'
import { output } from './output.ts'
import { program } from './program.ts'

/** Runs one command; resolves with the exit code of the process. */
async function main(argv: readonly string[]): Promise<number> {
  const root = program(packageVersion())
  try {
    await root.parseAsync(argv)
    return EXIT_OK
  } catch (error) {
    if (error instanceof CommanderError) {
      // commander has printed it; --help and --version end this way too
      return error.exitCode === 0 ? EXIT_OK : EXIT_USAGE
    }
    const format =
      root.opts<{ outputFormat?: unknown }>().outputFormat === 'json' ? 'json' : 'human'
    output(format).failure(error)
    return exitCodeOf(toMerogateError(error))
  }
}

const code = await main(process.argv)
process.exitCode = code
