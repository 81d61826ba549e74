/** What a contract agrees to by itself, as it says so in values; and what it is asked to agree to, in the same. */
import type { Executable } from '../storage/entries.ts'
import type { Host } from '../host/host.ts'
import { executableVal } from '../host/lifecycle.ts'
import { hostError } from '../value/errors.ts'
import { type Val, VOID } from '../value/word.ts'
import type { Invocation } from './invocation.ts'

const CONTRACT = 'Contract'
const CREATE = 'CreateContractHostFn'
const CREATE_WITH_ARGS = 'CreateContractWithCtorHostFn'

/** Values of a map that has these keys and no others. */
function fieldsOf({ objects }: Host, value: Val, names: readonly string[]): readonly Val[] {
  const map = objects.map(value)
  const isShaped =
    map.length === names.length && map.every(([key], i) => objects.symbol(key) === names[i])
  if (!isShaped) throw hostError('Object', 'InvalidInput', 'bad invoker auth entry')
  return map.map(([, field]) => field)
}

/** @throws HostError */
export function readContractEntry(host: Host, entry: Val): Invocation {
  const { objects } = host
  const [kind, content, ...others] = objects.vec(entry)
  if (kind === undefined || content === undefined || others.length > 0) {
    throw hostError('Object', 'UnexpectedSize', 'bad invoker auth entry')
  }
  const name = objects.symbol(kind)
  if (name === CONTRACT) return readCall(host, content)
  if (name === CREATE || name === CREATE_WITH_ARGS) {
    return readCreation(host, content, name === CREATE_WITH_ARGS)
  }
  throw hostError('Object', 'InvalidInput', 'bad kind of invoker auth entry')
}

function readCall(host: Host, content: Val): Invocation {
  const { objects } = host
  const [context = VOID, inner = VOID] = fieldsOf(host, content, ['context', 'sub_invocations'])
  const names = ['args', 'contract', 'fn_name']
  const [args = VOID, contract = VOID, method = VOID] = fieldsOf(host, context, names)
  const action = {
    kind: 'call',
    contract: objects.address(contract),
    method: objects.symbol(method),
    args: objects.vec(args),
  } as const
  const calls = objects.vec(inner).map((one) => readContractEntry(host, one))
  return { action, inner: calls, isUsed: false }
}

function readCreation(host: Host, content: Val, hasArgs: boolean): Invocation {
  const { objects, contract } = host
  const names = ['executable', 'salt']
  const all = fieldsOf(host, content, hasArgs ? ['constructor_args', ...names] : names)
  const [executable = VOID, salt = VOID] = all.slice(-2)
  const [kind = VOID, hash = VOID] = objects.vec(executable)
  if (objects.symbol(kind) !== 'Wasm') {
    throw hostError('Auth', 'InvalidInput', 'only Wasm executables are supported here')
  }
  const args = hasArgs ? objects.vec(all[0] ?? VOID) : []
  const creation = {
    preimage: { kind: 'address', address: contract, salt: objects.bytes(salt) } as const,
    executable: { kind: 'wasm', hash: objects.bytes(hash) } as Executable,
    args: args.map((one) => host.toXdr(one)),
  }
  return { action: { kind: 'create', creation }, inner: [], isUsed: false }
}

/** What a contract that stands for an account is asked: everything of a tree, outer before inner. */
export function contextsOf(host: Host, invocation: Invocation): readonly Val[] {
  const inner = invocation.inner.flatMap((one) => contextsOf(host, one))
  return [contextOf(host, invocation), ...inner]
}

function contextOf(host: Host, { action }: Invocation): Val {
  const { objects } = host
  const record = (fields: Readonly<Record<string, Val>>): Val =>
    objects.newMap(
      Object.entries(fields).map(([key, value]) => [objects.newSymbol(key), value] as const),
    )
  const named = (name: string, value: Val): Val => objects.newVec([objects.newSymbol(name), value])
  if (action.kind === 'call') {
    const args = objects.newVec(action.args)
    const contract = objects.newAddress(action.contract)
    return named(CONTRACT, record({ args, contract, fn_name: objects.newSymbol(action.method) }))
  }
  const { preimage, executable, args } = action.creation
  if (preimage.kind === 'asset') {
    const detail = 'asset preimage is not allowed when authorizing a creation'
    throw hostError('Auth', 'InvalidInput', detail)
  }
  const common = {
    executable: executableVal(host, executable),
    salt: objects.newBytes(preimage.salt),
  }
  if (args.length === 0) return named(CREATE, record(common))
  const values = objects.newVec(args.map((one) => host.fromXdr(one)))
  return named(CREATE_WITH_ARGS, record({ constructor_args: values, ...common }))
}
