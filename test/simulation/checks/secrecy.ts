/** That nobody removed could open what was written after the removal was final at the writer. */
import { envelopeCodec } from '../../../src/node/codec/delta.ts'
import { Keyring } from '../../../src/node/context/groups/keyring.ts'
import { idKey, type PublicKey } from '../../../src/node/primitives/ids.ts'
import { contextRows } from '../../../src/node/store/repositories/contexts.ts'
import { deltaRows } from '../../../src/node/store/repositories/deltas.ts'
import { groupRows } from '../../../src/node/store/repositories/groups.ts'
import type { Store } from '../../../src/node/store/store.ts'
import type { Machine } from '../machine.ts'
import type { Circle, Seat } from '../workload/circle.ts'
import type { Company } from '../workload/company.ts'
import type { Acknowledged } from '../workload/ledger.ts'
import type { Finding } from './verdict.ts'

export async function checkSecrecy({ circles, ledger }: Company): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const circle of circles) {
    const writes = ledger.acknowledged.filter(
      ({ context, removed }) => removed.length > 0 && idKey(context) === idKey(circle.context),
    )
    const seats = seatsOf(circle.group, circles)
    for (const machine of outsiders(circle, seats)) {
      const store = machine.running?.store
      const keyring = store && (await keyringOf(machine, store, circle))
      if (keyring === undefined) continue
      for (const write of writes.filter(({ removed }) => concerns(removed, seats, machine))) {
        if (await opens(keyring, circle, write)) {
          const at = (write.atMs / 1000).toFixed(3)
          const text = `${machine.name}, removed from ${circle.name}, opens what ${write.author.machine.name} wrote at ${at} s`
          findings.push({ verdict: 'lost', text })
        }
      }
    }
  }
  return findings
}

/** Seats in all contexts of a group, which are all read with the same keys. */
function seatsOf(group: Circle['group'], circles: readonly Circle[]): readonly Seat[] {
  return circles.filter((one) => idKey(one.group) === idKey(group)).flatMap(({ seats }) => seats)
}

/** Machines that had a seat in a context and have none in any of its group: whoever is a member somewhere may read everything. */
function outsiders(circle: Circle, seats: readonly Seat[]): readonly Machine[] {
  const inside = new Set(seats.filter(({ state }) => state !== 'gone').map((one) => one.machine))
  return [...new Set(circle.seats.map(({ machine }) => machine))].filter((one) => !inside.has(one))
}

/** Whoever was a member as somebody else, then or later, could read what was written before. */
function concerns(
  removed: readonly PublicKey[],
  seats: readonly Seat[],
  machine: Machine,
): boolean {
  const gone = new Set(removed.map(idKey))
  return seats.every((one) => one.machine !== machine || gone.has(idKey(one.identity)))
}

/** The keys that a machine holds of a context's group. */
async function keyringOf(
  machine: Machine,
  store: Store,
  { group }: Circle,
): Promise<Keyring | undefined> {
  const rows = groupRows(store)
  const row = (await rows.list()).find(({ id }) => idKey(id) === idKey(group))?.row
  if (row === undefined) return undefined
  const components = { rows, atRest: machine.atRest, random: machine.random }
  return new Keyring(group, row.number, components, await rows.epochs(row.number))
}

async function opens(keyring: Keyring, circle: Circle, write: Acknowledged): Promise<boolean> {
  const bytes = await envelopeOf(circle, write)
  if (bytes === undefined) return false
  const { header, nonce, sealedEpoch, sealed } = envelopeCodec.decode(bytes)
  const body = { epoch: sealedEpoch, nonce, aad: write.delta, sealed }
  return keyring.open(circle.context, header.author, body) !== undefined
}

/** The envelope as its author stores it: served to others it may be sealed anew. */
async function envelopeOf(
  circle: Circle,
  { author, delta }: Acknowledged,
): Promise<Uint8Array | undefined> {
  const store = author.machine.running?.store
  if (store === undefined) return undefined
  const found = (await contextRows(store).list()).find(
    ({ id }) => idKey(id) === idKey(circle.context),
  )
  return found && deltaRows(store).envelope(found.row.number, delta)
}
