/** Runs as a process of its own: opens the database named on the command line and says with which code that failed, and who has it. */
import { isMerogateError } from '../../src/node/errors.ts'
import { systemClock } from '../../src/node/primitives/clock.ts'
import { openLevelStore } from '../../src/node/store/level-store.ts'

let code = 'opened'
try {
  const store = await openLevelStore(process.argv[2] ?? '', { clock: systemClock })
  await store.close()
} catch (error) {
  code = isMerogateError(error) ? `${error.code} ${String(error.details['pid'])}` : String(error)
}
process.stdout.write(code)
