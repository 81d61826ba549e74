/**
 * The contracts on Stellar (`contracts/stellar`): one module each, whose interface is what can be met in calls of it, and which tells the
 * sources that it was built from.
 */
import { xdr } from '@stellar/stellar-sdk'
import { createHash } from 'node:crypto'
import { type RustBuild, WASM } from '../support/rust-artefacts.ts'
import { sourceDigest } from '../support/rust-crate.ts'
import { joinSections, readSections, type Section } from '../support/wasm-sections.ts'

const NAMES = ['contexts', 'packages'] as const

/** Where tools look for the interface of a contract. */
const SPEC = 'contractspecv0'
/** Where they look for what else there is to know of it. */
const META = 'contractmetav0'
/** Name of the digest of the sources, as the manifest beside the module has it. */
const SOURCES = 'sources'
const DATA_SECTION = 11
/** What the data of a module has of each type that its calls may meet: this, and the beginning of the hash of its entry in the interface. */
const MARKER = Buffer.from('SpEcV1')
const MARKER_HASH_BYTES = 8

/** How one of them is built. */
function buildOf(name: (typeof NAMES)[number]): RustBuild {
  const module = `${name}.wasm`
  const build: RustBuild = {
    folder: `contracts/stellar/${name}`,
    crate: `merogate-stellar-${name}`,
    alias: name,
    parts: { contracts: 'contracts', 'contracts/core': 'core', 'contracts/stellar': 'stellar' },
    workspace: 'contracts',
    platform: {
      triple: 'wasm32v1-none',
      library: 'core,alloc',
      // the SDK wants to be told that somebody does what `shaken` does
      told: { SOROBAN_SDK_BUILD_SYSTEM_SUPPORTS_SPEC_SHAKING_V2: '1' },
    },
    target: 'contracts/stellar/target',
    output: `contracts/artifacts/stellar/${name}`,
    artefacts: [module],
    make: ({ wasm }, root) => new Map([[module, finished(wasm, sourceDigest(root, build))]]),
    check: (artefacts) => {
      const wasm = artefacts.get(module)
      return wasm === undefined ? [] : findStrangers(wasm)
    },
  }
  return build
}

/** The module with an interface of what is used, and the digest of its sources. */
function finished(wasm: Buffer, digest: string): Buffer {
  const sections = readSections(wasm)
  const data = Buffer.concat(sections.filter(({ id }) => id === DATA_SECTION).map(bodyOf))
  return joinSections(
    sections.map((section) => {
      if (section.name === SPEC) return { ...section, body: shaken(section.body, data) }
      if (section.name === META) return { ...section, body: toldOf(section.body, digest) }
      return section
    }),
  )
}

function bodyOf({ body }: Section): Buffer {
  return body
}

/** Entries of the interface: functions, and types whose marker is left in what was linked. */
function shaken(spec: Buffer, data: Buffer): Buffer {
  const isUsed = (entry: Buffer): boolean => {
    const hash = createHash('sha256').update(entry).digest().subarray(0, MARKER_HASH_BYTES)
    return data.includes(Buffer.concat([MARKER, hash]))
  }
  const isFunction = (entry: Buffer): boolean =>
    xdr.ScSpecEntry.fromXdr(entry).type === 'scSpecEntryFunctionV0'
  return Buffer.concat(entriesOf(spec).filter((entry) => isFunction(entry) || isUsed(entry)))
}

/** Entries of an interface, which lie back to back: the shortest beginning that can be read is the next one. */
function entriesOf(spec: Buffer): Buffer[] {
  const entries: Buffer[] = []
  for (let rest = spec; rest.length > 0;) {
    const length = entryLength(rest)
    entries.push(rest.subarray(0, length))
    rest = rest.subarray(length)
  }
  return entries
}

function entryLength(spec: Buffer): number {
  for (let length = 4; length <= spec.length; length += 4) {
    try {
      xdr.ScSpecEntry.fromXdr(spec.subarray(0, length))
      return length
    } catch {
      // not all of it yet
    }
  }
  throw new RangeError(`${SPEC} is damaged`)
}

/** What there is to know of a contract, and the digest of its sources. */
function toldOf(meta: Buffer, digest: string): Buffer {
  const value = new xdr.ScMetaV0({ key: SOURCES, val: `sha256:${digest}` })
  return Buffer.concat([meta, Buffer.from(xdr.ScMetaEntry.scMetaV0(value).toXdr())])
}

/** Things that the host has not, whose functions lie in modules with names of one letter. */
function findStrangers(wasm: Buffer): string[] {
  return WASM.Module.imports(new WASM.Module(wasm))
    .filter(({ module, kind }) => !/^[a-z]$/.test(module) || kind !== 'function')
    .map(({ module, kind, name }) => `the module imports ${kind} ${module}.${name}`)
}

export const STELLAR_CONTRACTS: readonly RustBuild[] = NAMES.map(buildOf)
