/** Optional properties without `undefined` in them, as `exactOptionalPropertyTypes` wants them. */

/** `T` with every property that may be undefined made optional. */
export type Defined<T> = {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K]
} & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

/** A copy without the properties that are undefined. */
export function defined<T extends object>(value: T): Defined<T> {
  const entries = Object.entries(value).filter(([, property]) => property !== undefined)
  return Object.fromEntries(entries) as Defined<T> // exactly the undefined properties are left out
}
