/** Contexts that change to another build of their application. */
import { appBuild, BUILDS } from '../apps.ts'
import type { Circle } from './circle.ts'
import type { Company } from './company.ts'

/** The owner installs the next build and makes the context run it. */
export async function update(company: Company, circle: Circle): Promise<void> {
  const { context, owner, name, builds } = circle
  const build = builds.length
  if (circle.isUpdating || build >= BUILDS) return
  circle.isUpdating = true
  const installed = await company.insist(owner, `install build ${build}`, (node) =>
    node.applications.installBytes(appBuild(build), 'simulation'),
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
