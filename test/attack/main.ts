/**
 * `npm run attack -- [--seconds 60] [--only a,b] [--json]`: hostile strangers and members against a node, while somebody else calls it. Prints the p99 of
 * those calls before, during and after each attack; the exit code is 1 when one of them did what it must not.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { HEADER, lineOf, makeScene, runScene } from './run.ts'
import { SCENARIOS } from './scenarios/index.ts'
import { openStage } from './stage.ts'

const HELP = `npm run attack -- [options]
An honest pair, a bystander that calls one of them every 50 ms, and an attacker, in processes of their own. Times are the p99 of those calls.

  --seconds N   how long each attack lasts (60)
  --only a,b    only these
  --list        name them
  --factor N    how many times as long as before calls may take (2; 5 on fewer cores than the processes use, for one is the attacker's then)
  --json        a line of JSON for each as well, on stdout; the table goes to stderr`

/** Processes that work at the same time: the attacked node, its partner, the attacker, and the bystander. */
const PROCESSES = 4

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    only: { type: 'string' },
    factor: { type: 'string', default: availableParallelism() < PROCESSES ? '5' : '2' },
    list: { type: 'boolean' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  },
})
const names = values.only?.split(',') ?? SCENARIOS.map(({ name }) => name)
const unknown = names.filter((name) => SCENARIOS.every((one) => one.name !== name))
if (unknown.length > 0) throw new RangeError(`no scenario ${unknown.join(', ')}`)
const attackMs = Number(values.seconds) * 1000

if (values.help === true) {
  console.log(HELP)
} else if (values.list === true) {
  for (const { name, standing, does } of SCENARIOS) console.log(`${name} (${standing}): ${does}`)
} else {
  const factor = Number(values.factor)
  // where a program reads lines of JSON, people read the other stream
  const say = values.json === true ? console.error : console.log
  say(HEADER)
  let faulty = 0
  for (const scenario of SCENARIOS.filter(({ name }) => names.includes(name))) {
    await using stage = await openStage()
    const outcome = await runScene(await makeScene(stage, scenario, attackMs), {
      warmMs: 1_000,
      attackMs,
      beforeMs: Math.min(attackMs, 15_000),
      afterMs: Math.min(attackMs, 5_000),
      factor,
      floorMs: 0,
      maxGrownMib: 64,
    })
    say(lineOf(outcome))
    if (values.json === true) console.log(JSON.stringify(outcome))
    if (outcome.faults.length > 0) faulty++
  }
  say(
    `attack: ${names.length} scenarios, ${faulty} over the bar of ${factor} x the p99 before, 64 MiB, and 10 s until all is as before`,
  )
  process.exitCode = faulty === 0 ? 0 : 1
}
