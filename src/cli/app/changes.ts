/** What one build has that the one before had not. */
import type { AbiText, MethodText } from './abi.ts'

/** The parts of a build that are compared. */
export interface Comparable {
  readonly abi: AbiText
  readonly moduleSize: number
}

export interface Changes {
  /** Names of methods. */
  readonly added: readonly string[]
  readonly removed: readonly string[]
  /** Those with other parameters or another return value. */
  readonly changed: readonly string[]
  /** Fields of the state that are new, gone, or of another type. */
  readonly state: readonly string[]
  /** Bytes of the module before and after. */
  readonly size: readonly [before: number, after: number]
}

export function changesOf(before: Comparable, after: Comparable): Changes {
  const [old, now] = [before.abi.methods, after.abi.methods].map(
    (methods) => new Map(methods.map((method) => [method.name, signatureOf(method)])),
  ) as [Map<string, string>, Map<string, string>]
  const [was, is] = [before.abi.state, after.abi.state].map(
    (state) => new Map(state.map(({ name, type }) => [name, type])),
  ) as [Map<string, string>, Map<string, string>]
  return {
    added: [...now.keys()].filter((name) => !old.has(name)),
    removed: [...old.keys()].filter((name) => !now.has(name)),
    changed: [...now].flatMap(([name, signature]) =>
      old.has(name) && old.get(name) !== signature ? [name] : [],
    ),
    state: [...new Set([...was.keys(), ...is.keys()])].filter(
      (name) => was.get(name) !== is.get(name),
    ),
    size: [before.moduleSize, after.moduleSize],
  }
}

/** A method in one line. */
export function signatureOf({ name, params, returns }: MethodText): string {
  const list = params.map((param) => `${param.name}: ${param.type}`).join(', ')
  return `${name}(${list})${returns === undefined || returns === 'unit' ? '' : `: ${returns}`}`
}

/** In lines for people. `methods`: those of the new build. */
export function changesText(changes: Changes, methods: readonly MethodText[]): readonly string[] {
  const { added, removed, changed, state, size } = changes
  const shown = (name: string): string => {
    const method = methods.find((one) => one.name === name)
    return method === undefined ? name : signatureOf(method)
  }
  const [before, after] = size
  const difference = after - before
  const same = added.length + removed.length + changed.length === 0
  return [
    ...added.map((name) => `  new      ${shown(name)}`),
    ...changed.map((name) => `  changed  ${shown(name)}`),
    ...removed.map((name) => `  gone     ${name}`),
    ...(same ? ['  the same methods'] : []),
    ...(state.length === 0
      ? []
      : [
          `  state    ${state.join(', ')}: what is stored stays as it is, and may not fit any more`,
        ]),
    `  module   ${after} bytes, ${difference < 0 ? '' : '+'}${difference}`,
  ]
}
