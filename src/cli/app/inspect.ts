/** Everything that can be told of an application without giving it to a node: `merogate app inspect`. */
import { toHex } from '../../node/primitives/bytes.ts'
import { printable } from '../../node/primitives/text.ts'
import type { ModuleInfo, ModuleWarning } from '../../node/runtime/engine.ts'
import { type ModuleUses, usesOf } from '../../node/runtime/wasm/uses.ts'
import { table } from '../output.ts'
import { type AbiText, exampleOf, type MethodText, readAbi } from './abi.ts'
import { type ApplicationFile, readApplication, type Signature } from './read-application.ts'
import { type InitRun, tryModule } from './scratch.ts'

/** What is printed as JSON. */
export interface Inspection {
  readonly kind: ApplicationFile['kind']
  readonly package: string | null
  readonly version: string | null
  /** Services of the bundle, and which one this is about. */
  readonly services: readonly string[]
  readonly service: string | null
  /** Bytes of the file, and of the module in it. */
  readonly size: number
  readonly moduleSize: number
  /** SHA-256 of the module, hexadecimal. */
  readonly hash: string
  readonly signature: Signature
  readonly era: string
  /** How aggregates are passed to host functions. */
  readonly generation: string
  /** Release of the SDK's storage, where the module tells. */
  readonly release: string | null
  /** What an install says. */
  readonly verdict: string
  readonly convergence: string
  /** Why copies may differ, or calls are refused. */
  readonly warnings: readonly ModuleWarning[]
  /** From the interface description where there is one, else names alone. */
  readonly methods: readonly MethodText[]
  readonly events: readonly string[]
  readonly state: AbiText['state']
  readonly hasAbi: boolean
  readonly collections: readonly string[]
  readonly storage: readonly string[]
  /** Host functions that this node supports in part or not at all. */
  readonly unsupported: ModuleUses['unsupported']
  /** What `init` costs in an empty context. */
  readonly init: InitRun
}

/** Longest text of somebody else's that is shown. */
const MAX_CHARS = 160

export interface InspectOptions {
  /** Input of `init`. @default examples of what its interface description asks for */
  readonly args?: unknown
  /** @default what a call may use */
  readonly fuel?: bigint
  /** Which of a bundle's services. @default the first */
  readonly service?: string
}

/** Looks at a file. @throws INSTALL_*, BUNDLE_*, RUNTIME_* of what no node installs */
export async function inspectApplication(
  path: string,
  { args, fuel, service }: InspectOptions = {},
): Promise<Inspection> {
  const file = await readApplication(path, service)
  let abi = readAbi(file.abi)
  const inputOf = (found: ModuleInfo): unknown => {
    if (file.abi === undefined) abi = readAbi(found.abi)
    return args ?? exampleOf(abi.methods.find(({ name }) => name === 'init'))
  }
  const { info, init } = await tryModule(file.wasm, inputOf, fuel)
  const uses = usesOf(file.wasm, info.imports)
  return describe(file, { info, abi, uses, init })
}

interface Found {
  readonly info: ModuleInfo
  readonly abi: AbiText
  readonly uses: ModuleUses
  readonly init: InitRun
}

function describe(file: ApplicationFile, { info, abi, uses, init }: Found): Inspection {
  const described = new Map(abi.methods.map((method) => [method.name, method]))
  return {
    kind: file.kind,
    package: file.package ?? null,
    version: file.version ?? null,
    services: file.services ?? [],
    service: file.service ?? null,
    size: file.size,
    moduleSize: info.size,
    hash: toHex(info.hash),
    signature: file.signature,
    era: info.era,
    generation: info.generation,
    release: uses.release ?? null,
    verdict: verdictOf(info),
    convergence: info.convergence,
    warnings: info.warnings,
    methods: info.methods.map(
      (name) => described.get(name) ?? { name, params: [], returns: undefined },
    ),
    events: abi.events,
    state: abi.state,
    hasAbi: abi.methods.length > 0,
    collections: uses.collections,
    storage: uses.storage,
    unsupported: uses.unsupported,
    init,
  }
}

/** One line: what an application is to this node. */
export function verdictOf(module: {
  readonly era: string
  readonly convergence: string
  readonly warnings: readonly { readonly code: string }[]
}): string {
  const { era, convergence, warnings } = module
  const codes = warnings.map(({ code }) => code).join(', ')
  const kind = era === 'opaque' ? 'unknown layout' : `era ${era}`
  return `${kind}, ${convergence}${codes === '' ? '' : ` (${codes})`}`
}

/** The report for people. */
export function inspectionText(found: Inspection): string {
  const named = found.package === null ? '' : `${found.package} ${found.version}, `
  const facts: Readonly<Record<string, string>> = {
    application: `${named}${found.kind} of ${found.size} bytes`,
    ...(found.services.length === 0
      ? {}
      : { service: `${found.service} of ${found.services.join(', ')}; another with --service` }),
    module: `${found.moduleSize} bytes, SHA-256 ${found.hash}`,
    signer: signerText(found.signature),
    era: `${found.era}, ABI ${found.generation}${found.release === null ? '' : `, calimero-storage ${found.release}`}`,
    verdict: found.verdict,
    collections: listText(found.collections, 'none that is known'),
    storage: listText(found.storage, 'none'),
    events: listText(found.events, found.hasAbi ? 'none' : 'unknown: it has no ABI'),
    init: initText(found.init),
  }
  const width = Math.max(...Object.keys(facts).map(({ length }) => length))
  const methods = table(
    found.methods,
    {
      METHOD: ({ name }) => printable(name, MAX_CHARS),
      PARAMETERS: ({ params }) => paramsText(params, found.hasAbi),
      RETURNS: ({ returns }) => printable(returns ?? '', MAX_CHARS),
    },
    'no methods',
  )
  const fields = { FIELD: ({ name }: Field) => name, TYPE: ({ type }: Field) => type }
  return [
    ...Object.entries(facts).map(([name, text]) => `${name.padEnd(width)}  ${text}`),
    ...found.warnings.map(({ code, message }) => `${code}: ${message}`),
    ...found.unsupported.map(
      ({ name, support, why }) =>
        `${printable(name, MAX_CHARS)}: ${support === 'half' ? 'half supported, it' : 'not supported, it'} ${why}`,
    ),
    ...(found.state.length === 0 ? [] : ['', table(found.state, fields, '')]),
    '',
    methods,
  ].join('\n')
}

type Field = AbiText['state'][number]

function paramsText(params: MethodText['params'], isKnown: boolean): string {
  if (!isKnown) return '?'
  return printable(params.map(({ name, type }) => `${name}: ${type}`).join(', '), MAX_CHARS)
}

function listText(values: readonly string[], none: string): string {
  return values.length === 0 ? none : values.map((value) => printable(value, MAX_CHARS)).join(', ')
}

function signerText(signature: Signature): string {
  if (signature.state === 'none') return 'nobody: it is not signed'
  if (signature.state === 'valid') return `${signature.signer}, the signature is valid`
  return `NOT VALID, no node installs it: ${signature.reason}`
}

function initText(run: InitRun): string {
  if ('none' in run) return 'none: no context can be made with it'
  if ('failed' in run) return `failed with ${run.failed.code}: ${run.failed.message}`
  return `${run.fuel} fuel, ${run.bytes} bytes of state`
}
