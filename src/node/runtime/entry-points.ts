/** Which methods of an application other contexts may call, by its interface description (`wasm-abi/1`). */

/** Who may call an entry point: any context, or those that run the same application. */
export type Callers = 'any' | 'sameApplication'

/** What an absent `xcall_callers` stands for. */
const ANY = 'any_in_namespace'

/**
 * The methods that an application declares as entry points for other contexts. Undefined when it declares none: it was built before there was such a
 * declaration, by an SDK that lacks it, or has no description. A word for callers that we do not know counts as the narrower one that we do.
 */
export function entryPointsOf(abi: unknown): ReadonlyMap<string, Callers> | undefined {
  const methods = membersOf(abi)['methods']
  const found = new Map<string, Callers>()
  for (const each of Array.isArray(methods) ? methods : []) {
    // the SDK writes both members for `#[app::xcall]`, and leaves out what is not so
    const { name, xcall_callable: isEntry, xcall_callers: callers } = membersOf(each)
    if (typeof name !== 'string' || isEntry !== true) continue
    found.set(name, (callers ?? ANY) === ANY ? 'any' : 'sameApplication')
  }
  return found.size === 0 ? undefined : found
}

/** A description with nothing but its entry points, for where the whole is too large to be kept; undefined when there are none. */
export function entryPointsOnly(abi: unknown): unknown {
  const declared = entryPointsOf(abi)
  if (declared === undefined) return undefined
  const methods = [...declared].map(([name, callers]) => ({
    name,
    xcall_callable: true,
    ...(callers === 'any' ? {} : { xcall_callers: 'same_app' }),
  }))
  return { methods }
}

/** Of what is no object, none. */
function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
