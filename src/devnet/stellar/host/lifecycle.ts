/** Making contracts and changing what they run. */
import { concat } from '../../../node/primitives/bytes.ts'
import { sha256 } from '../../../node/primitives/hash.ts'
import type { RewrittenModule } from '../../wasm/rewrite.ts'
import { COST } from '../budget/costs.ts'
import type { Executable } from '../storage/entries.ts'
import { codeKey, instanceKey } from '../storage/keys.ts'
import { type Address, contractAddress } from '../value/address.ts'
import { HostError, hostError } from '../value/errors.ts'
import { errorVal, TAG, type Val, VOID } from '../value/word.ts'
import { payInstantiation, payParsing } from '../vm/counts.ts'
import { prepareCode } from '../vm/code.ts'
import { type Creation, idPreimage, type Preimage } from './creation.ts'
import { EVENT } from './events.ts'
import type { Host } from './host.ts'
import { storeInstance } from './instance-storage.ts'

/** The first protocol with constructors. */
const CONSTRUCTORS = 22

/** What making a contract costs beside its parts, instructions. */
const CREATION = 12_000
const PAGE = 65_536

/** SHA-256, paid for. */
export function paidSha256(host: Host, ...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = concat(...parts)
  host.budget.charge(COST.sha256, bytes.length)
  return sha256(bytes)
}

export function contractIdOf(host: Host, preimage: Preimage): Address {
  return contractAddress(paidSha256(host, idPreimage(host.info.networkId, preimage)))
}

/** Makes a contract; `args`: those of the constructor as values. @throws HostError */
export function createContract(host: Host, creation: Creation, args: readonly Val[]): Address {
  const { preimage } = creation
  if (preimage.kind === 'asset') return create(host, creation, args)
  return host.authorizer.creating(creation, () => {
    host.authorizer.require(preimage.address, [])
    return create(host, creation, args)
  })
}

function create(host: Host, { preimage, executable }: Creation, args: readonly Val[]): Address {
  if ((preimage.kind === 'asset') !== (executable.kind === 'asset')) {
    throw hostError('Value', 'InvalidInput', 'preimage does not match the executable')
  }
  const id = contractIdOf(host, preimage)
  if (host.storage.has(instanceKey(id))) {
    throw hostError('Storage', 'ExistingValue', 'contract already exists')
  }
  checkExecutable(host, executable)
  storeInstance(host, id, { executable })
  if (preimage.kind === 'asset') {
    host.call(id, 'init_asset', [host.objects.newBytes(preimage.asset)])
  } else {
    construct(host, id, executable, args)
  }
  return id
}

/** @throws HostError where what it needs is not there */
function checkExecutable(host: Host, executable: Executable): void {
  if (executable.kind === 'wasm' && !host.hasCode(executable.hash)) {
    throw hostError('Storage', 'MissingValue', 'Wasm does not exist')
  }
  if (executable.kind === 'reference' && !host.storage.has(host.referenceKey(executable))) {
    throw hostError('Storage', 'MissingValue', 'executable reference does not exist')
  }
}

function construct(host: Host, id: Address, executable: Executable, args: readonly Val[]): void {
  const hash = host.codeOf(executable)
  const entry = host.storage.get(codeKey(hash ?? new Uint8Array(32)))?.entry
  if (entry?.kind !== 'code') throw hostError('Storage', 'InternalError', 'no code')
  const { protocol, counts, rewritten } = prepareCode(entry.code)
  host.budget.work(CREATION)
  payMemory(host, rewritten)
  // an instance is made to see what it was built for
  if (!host.storage.wasAlive(codeKey(entry.hash))) payParsing(host.budget, counts)
  payInstantiation(host.budget, counts)
  if (protocol < CONSTRUCTORS) {
    if (args.length === 0) return
    const detail = 'the contract was built before there were constructors'
    throw hostError('Context', 'InvalidAction', detail)
  }
  let result: Val
  try {
    const options = { isInternal: true, isOptional: args.length === 0 }
    result = host.call(id, '__constructor', args, options)
  } catch (error) {
    if (!(error instanceof HostError) || !error.isRecoverable) throw error
    const detail = 'constructor invocation has failed with error'
    throw hostError('Context', 'InvalidAction', detail, [errorVal(error.type, error.code)])
  }
  if (result !== VOID) {
    throw hostError('Value', 'UnexpectedType', 'constructor returned non-void value', [result])
  }
}

/** Memory of an instance that is made to be looked at, and is there until the frame ends. */
function payMemory(host: Host, { memory }: RewrittenModule): void {
  host.frame.linearMemory += host.budget.linearMemory((memory?.initial ?? 0) * PAGE)
}

/** Keeps a module. @returns its hash */
export function uploadCode(host: Host, code: Uint8Array): Uint8Array {
  const { parameters } = host.info
  if (code.length > parameters.contract.codeBytes) {
    throw hostError('Budget', 'ExceededLimit', 'Wasm is too large')
  }
  const hash = paidSha256(host, code)
  // of a new module nothing is known but its length: parsing it is paid for twice, and linking once
  host.budget.charge(COST.vmInstantiation, code.length)
  host.budget.charge(COST.vmInstantiation, code.length)
  host.budget.charge(COST.vmCached, code.length)
  const { protocol, counts, imports, rewritten } = prepareCode(code)
  payMemory(host, rewritten)
  if (protocol > parameters.protocol) {
    throw hostError('WasmVm', 'InvalidInput', 'contract protocol number is newer than host')
  }
  host.programs.link(imports, parameters.protocol)
  const key = codeKey(hash)
  if (!host.storage.has(key)) host.storage.put(key, { kind: 'code', hash, code, counts })
  return hash
}

/** The running contract is something else from now on. */
export function updateExecutable(host: Host, executable: Executable): void {
  checkExecutable(host, executable)
  const { objects } = host
  const old = host.instanceOf(host.contract).executable
  const topics = [objects.newSymbol('executable_update')]
  topics.push(executableVal(host, old), executableVal(host, executable))
  host.emit(EVENT.system, topics, objects.newVec([]))
  storeInstance(host, host.contract, { executable })
}

export function executableVal({ objects }: Host, executable: Executable): Val {
  if (executable.kind === 'asset') return objects.newVec([objects.newSymbol('StellarAsset')])
  if (executable.kind === 'wasm') {
    return objects.newVec([objects.newSymbol('Wasm'), objects.newBytes(executable.hash)])
  }
  const fields = [
    [objects.newSymbol('owner'), objects.newAddress(executable.owner)],
    [objects.newSymbol('tag'), objects.newBytes(executable.tag, TAG.string)],
  ] as const
  return objects.newVec([objects.newSymbol('ExternalRef'), objects.newMap(fields)])
}
