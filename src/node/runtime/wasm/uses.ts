/**
 * What a module is built with, by texts that stand in it only with the code behind them: without an ABI manifest nothing else describes its state.
 * Made for modules of the SDK's last releases; of older ones it may find less.
 */
import { type ImportSupport, importSupport } from './host/table.ts'

/** What {@link usesOf} finds. */
export interface ModuleUses {
  /** Release of `calimero-storage`; undefined where builds keep no paths. */
  readonly release: string | undefined
  /** Collections, by their names in Rust. */
  readonly collections: readonly string[]
  /** How what it stores is kept: `shared by all members`, `owned by its author`, `frozen`, `shared by a writer set`, `private`, `ordered index`. */
  readonly storage: readonly string[]
  /** Host functions that this node supports in part or not at all. */
  readonly unsupported: readonly UnsupportedImport[]
}

export type UnsupportedImport = { readonly name: string } & Exclude<
  ImportSupport,
  { readonly support: 'full' }
>

const COLLECTIONS: Readonly<Record<string, string>> = {
  UnorderedMap: '/collections/unordered_map.rs',
  UnorderedSet: '/collections/unordered_set.rs',
  SortedMap: '/collections/sorted_map.rs',
  SortedSet: '/collections/sorted_set.rs',
  Vector: '__vector',
  Counter: '/collections/counter.rs',
  ReplicatedGrowableArray: '__rga_chars',
  UserStorage: '__user_storage_',
  FrozenStorage: '__frozen_storage_',
  AuthoredMap: '__authored_map_',
  AuthoredVector: '__authored_vector_',
  SharedStorage: '__calimero_shared_value__',
}

const STORAGE: Readonly<Record<string, readonly string[]>> = {
  'owned by its author': ['UserStorage', 'AuthoredMap', 'AuthoredVector'],
  frozen: ['FrozenStorage'],
  'shared by a writer set': ['SharedStorage'],
}

/** Kinds that show by imports. */
const IMPORTED: Readonly<Record<string, string>> = {
  private: 'private_storage_write',
  'ordered index': 'storage_index_set',
}

const RELEASE = /calimero-storage-(\d+\.\d+\.\d+(?:-[a-z0-9.]+)?)[/\\]/

/** Looks for it. `imports`: host functions that the module asks for. */
export function usesOf(module: Uint8Array, imports: readonly string[]): ModuleUses {
  const bytes = Buffer.from(module.buffer, module.byteOffset, module.length)
  const collections = Object.entries(COLLECTIONS).flatMap(([name, mark]) =>
    bytes.includes(mark) ? [name] : [],
  )
  const storage = [
    ...(imports.includes('storage_write') ? ['shared by all members'] : []),
    ...namesWhere(STORAGE, (kinds) => kinds.some((kind) => collections.includes(kind))),
    ...namesWhere(IMPORTED, (name) => imports.includes(name)),
  ]
  return {
    release: RELEASE.exec(bytes.toString('latin1'))?.[1],
    collections,
    storage,
    unsupported: imports.flatMap((name) => {
      const support = importSupport(name)
      return support.support === 'full' ? [] : [{ name, ...support }]
    }),
  }
}

function namesWhere<T>(table: Readonly<Record<string, T>>, is: (value: T) => boolean): string[] {
  return Object.entries(table).flatMap(([name, value]) => (is(value) ? [name] : []))
}
