/** The attacker, a process of its own: `node run-attacker.ts ORDER`, begun and ended by its parent. */
import { HostileClient } from './hostile-client.ts'
import { Hostile } from './hostile.ts'
import type { Answer, Order, Word } from './order.ts'
import { type Attack, isOfClient, type Scenario } from './scenario.ts'
import { SCENARIOS } from './scenarios/index.ts'

const order = JSON.parse(process.argv[2] ?? '') as Order // our parent wrote it
const scenario = SCENARIOS.find(({ name }) => name === order.scenario)
if (scenario === undefined) throw new RangeError(`no scenario ${order.scenario}`)

const say = (answer: Answer): void => void process.send?.(answer)
// whoever is cut off meets errors wherever it is
process.on('unhandledRejection', () => {})
process.on('uncaughtException', (error) => console.error('attacker:', error.message))
process.once('disconnect', () => process.exit(0))

if (order.from !== '') Hostile.comeFrom(order.from)
const attack = await prepared(scenario).catch((error: unknown) => {
  console.error('attacker:', error)
  process.exit(1)
})
const end = new AbortController()
process.on('message', (word: Word) => {
  if (word.say === 'end') end.abort()
  else void attack(end.signal).then((tally) => say({ say: 'done', tally }))
})
say({ say: 'ready' })

async function prepared(one: Scenario): Promise<Attack> {
  if (isOfClient(one)) return one.prepare(new HostileClient(order))
  const hostile = new Hostile(order)
  await hostile.network.start()
  return one.prepare(hostile)
}
