/** The applications that are simulated: the example app in several builds, which differ in a section that no machine runs. */
import { concat, utf8 } from '../../src/node/primitives/bytes.ts'
import { kvWasm } from '../support/kv-app.ts'
import { precompile } from './engine.ts'

/** Builds of one application; the first is what contexts begin with. */
export const BUILDS = 4

let builds: readonly Uint8Array[] = []

/** Reads and compiles; before any virtual time. */
export async function prepareApps(): Promise<void> {
  const wasm = kvWasm()
  const all = Array.from({ length: BUILDS }, (_, build) => withMark(wasm, `build ${build}`))
  await Promise.all(all.map(precompile))
  builds = all
}

/** The module of a build, from 0. @throws RangeError when there is none, or before {@link prepareApps} */
export function appBuild(build: number): Uint8Array {
  const wasm = builds[build]
  if (wasm === undefined) throw new RangeError(`expected a build below ${builds.length}`)
  return wasm
}

/** The same module with a custom section more. */
function withMark(wasm: Uint8Array, mark: string): Uint8Array {
  const name = utf8(mark)
  return concat(wasm, Uint8Array.of(0, name.length + 1, name.length), name)
}
