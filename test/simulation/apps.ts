/** The applications that are simulated: the example app in several builds, which differ in a section that no machine runs; bare, or in bundles. */
import { concat, utf8 } from '../../src/node/primitives/bytes.ts'
import { appBundle } from '../support/bundles.ts'
import { kvWasm } from '../support/kv-app.ts'
import { precompile } from './engine.ts'

/** Builds of one application; the first is what contexts begin with. */
export const BUILDS = 4

/** How a build comes. `rival`: a bundle of the same package and version with another content. */
export type Packing = 'bare' | 'bundle' | 'rival'

let builds: readonly Readonly<Record<Packing, Uint8Array>>[] = []

/** Reads and compiles; before any virtual time. */
export async function prepareApps(): Promise<void> {
  const wasm = kvWasm()
  builds = await Promise.all(
    Array.from({ length: BUILDS }, async (_, build) => {
      const bare = withMark(wasm, `build ${build}`)
      const other = withMark(wasm, `other ${build}`)
      await Promise.all([bare, other].map(precompile))
      const named = { package: 'com.example.simulated', appVersion: `1.${build}.0` }
      const [bundle, rival] = await Promise.all([bare, other].map((one) => appBundle(one, named)))
      return { bare, bundle: bundle ?? bare, rival: rival ?? other }
    }),
  )
}

/** The bytes of a build, from 0. @throws RangeError when there is none, or before {@link prepareApps} */
export function appBuild(build: number, packing: Packing): Uint8Array {
  const found = builds[build]
  if (found === undefined) throw new RangeError(`expected a build below ${builds.length}`)
  return found[packing]
}

/** The same module with a custom section more. */
function withMark(wasm: Uint8Array, mark: string): Uint8Array {
  const name = utf8(mark)
  return concat(wasm, Uint8Array.of(0, name.length + 1, name.length), name)
}
