/** Contexts that change to another build of their application. */
import { appBuild, BUILDS } from '../apps.ts'
import type { Machine } from '../machine.ts'
import type { Circle } from './circle.ts'
import type { Company } from './company.ts'

/** The owner installs the next build and makes the context run it. */
export async function update(company: Company, circle: Circle): Promise<void> {
  const { context, owner, name, builds, packing } = circle
  const build = builds.length
  if (circle.isUpdating || build >= BUILDS) return
  circle.isUpdating = true
  const installed = await company.insist(owner, `install build ${build}`, (node) =>
    node.applications.installBytes(appBuild(build, packing), 'simulation'),
  )
  if (installed.kind === 'refused') return
  const { id } = installed.value
  const updated = await company.insist(owner, `update ${name} to build ${build}`, (node) =>
    node.contexts.updateApplication(context, id),
  )
  if (updated.kind === 'refused') return
  builds.push(id)
  circle.isUpdating = false
}

/** A machine installs another content under the package and version that contexts may use. */
export async function installRival(company: Company, machine: Machine): Promise<void> {
  const build = company.random.below(BUILDS)
  await company.insist(
    machine,
    `install a rival of build ${build}`,
    (node) => node.applications.installBytes(appBuild(build, 'rival'), 'simulation'),
    (code) => code === 'APPLICATION_VERSION_TAKEN',
  )
}
