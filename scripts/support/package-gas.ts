/** What the package registry costs, for `gas-snapshot.ts`: each operation by one door, in an order that makes each of them possible. */
import type { Signer } from '../../src/node/anchor/anchor.ts'
import type { PackageOperation } from '../../src/node/anchor/packages/operations.ts'
import {
  accepting,
  creationOf,
  NAME,
  owning,
  publishing,
  yanking,
} from '../../test/compliance/package-support.ts'
import type { PackageScene } from '../../test/support/ethereum-packages.ts'
import type { Door } from '../../test/support/ethereum-proofs.ts'

/** Gas of each operation by its name; time begins at `start`. */
export async function measurePackages(
  scene: PackageScene,
  door: Door,
  start: bigint,
): Promise<Readonly<Record<string, number>>> {
  const { a, b } = scene
  const gas: Record<string, number> = {}
  let now = start
  const apply = async (
    name: string | undefined,
    operation: PackageOperation,
    signer: Signer = a,
  ): Promise<void> => {
    now += 10n
    // a head of other numbers would have other bytes, and cost other gas
    const validUntil = now + 600n
    const nonce = await scene.nonceOf(signer)
    await scene.bench.setNext(now)
    const outcome = await scene.send(signer, operation, { door, nonce, validUntil })
    if (outcome.error !== undefined) throw new RangeError(`${operation.kind}: ${outcome.error}`)
    if (name !== undefined) gas[name] = outcome.gas
  }
  await apply('createPackage', creationOf(NAME, { description: 'Talks.' }))
  await apply('publishFirst', publishing('1.0.0'))
  await apply('publishRelease', publishing('1.1.0'))
  await apply('publishPreRelease', publishing('1.2.0-rc.1'))
  await apply('publishAmongBoth', publishing('1.2.0'))
  await apply('yankRelease', yanking('1.2.0'))
  await apply('addOwner', owning('addOwner', b))
  await apply('acceptOwnership', accepting(), b)
  await apply('removeOwner', owning('removeOwner', b))
  return gas
}
