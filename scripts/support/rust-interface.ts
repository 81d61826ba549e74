/** The Rust that follows from `contracts/interface.json`: `contracts/core/src/interface.rs`, and refusals as the SDK of Stellar has them. */
import { errorsOf, upper, type ContractInterface } from './contract-interface.ts'

/** Chains whose contracts are made of the Rust core. */
const CHAINS = ['near', 'icp', 'stellar']

/** `manageMembers` as `ManageMembers`. */
function pascal(name: string): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}`
}

/** Lines one step further to the right. */
function indent(lines: readonly string[], by: number = 1): string[] {
  return lines.map((line) => (line === '' ? '' : `${'    '.repeat(by)}${line}`))
}

/** Constants in a module of their own. */
function constants(
  doc: string,
  name: string,
  type: string,
  values: readonly (readonly [name: string, value: string | number])[],
): string[] {
  const lines = values.map(([key, value]) => `pub const ${upper(key)}: ${type} = ${value};`)
  return [`/// ${doc}`, `pub mod ${name} {`, ...indent(lines), '}', '']
}

/** An enum whose variants have numbers that fit a byte, and the way back from a number. */
function numbered(
  doc: string,
  name: string,
  variants: readonly (readonly [name: string, number: number])[],
): string[] {
  return [
    `/// ${doc}`,
    '#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]',
    '#[repr(u8)]',
    `pub enum ${name} {`,
    ...indent(variants.map(([key, number]) => `${pascal(key)} = ${number},`)),
    '}',
    '',
    `impl ${name} {`,
    ...indent([
      '/// All of them, in the order of the file.',
      `pub const ALL: [${name}; ${variants.length}] = [`,
      ...indent(variants.map(([key]) => `${name}::${pascal(key)},`)),
      '];',
      '',
      '/// The one that has a number, or none.',
      'pub fn from_number(number: u8) -> Option<Self> {',
      '    Self::ALL.into_iter().find(|one| one.number() == number)',
      '}',
      '',
      '/// The number by which every chain knows it.',
      'pub const fn number(self) -> u8 {',
      '    self as u8',
      '}',
      '',
      '/// Its name in the file.',
      "pub const fn name(self) -> &'static str {",
      '    match self {',
      ...indent(
        variants.map(([key]) => `${name}::${pascal(key)} => ${JSON.stringify(key)},`),
        2,
      ),
      '    }',
      '}',
    ]),
    '}',
    '',
  ]
}

/** Fields of each event, in their order, as a table. */
function eventTable(source: ContractInterface): string[] {
  const types = [...new Set(Object.values(source.events).flatMap(Object.values))] as string[]
  const rows = Object.entries(source.events).flatMap(([name, fields]) => [
    `(${JSON.stringify(name)}, &[`,
    ...indent(
      Object.entries(fields).map(
        ([field, type]) => `(${JSON.stringify(field)}, FieldType::${pascal(type)}),`,
      ),
    ),
    ']),',
  ])
  return [
    '/// What the value of an event’s field is.',
    '#[derive(Clone, Copy, Debug, PartialEq, Eq)]',
    'pub enum FieldType {',
    ...indent(types.map((type) => `${pascal(type)},`)),
    '}',
    '',
    '/// Name and type of the fields of an event.',
    "pub type Fields = [(&'static str, FieldType)];",
    '',
    '/// Fields of each event, in their order, besides subject, signer, nonce and revision.',
    'pub const EVENTS: &[(&str, &Fields)] = &[',
    ...indent(rows),
    '];',
    '',
  ]
}

/** The least type that a bound and what is compared with it fit: revisions and times are u64, the rest are lengths. */
function limitOf(name: string, value: number): string {
  const isWide = /(?:Seconds|Revision)$/.test(name) || value > 0xffff_ffff
  return `pub const ${upper(name)}: ${isWide ? 'u64' : 'usize'} = ${value};`
}

/** `contracts/core/src/interface.rs`. */
export function toRust(source: ContractInterface): string {
  const all = Object.values(source.capabilities).reduce((bits, bit) => bits | bit, 0)
  const ordinals = (names: readonly string[]): [string, number][] =>
    names.map((name, ordinal) => [name, ordinal])
  return [
    '//! Names and numbers on which every anchor agrees. Generated from `contracts/interface.json` by',
    '//! `npm run build:contracts`. Do not edit.',
    '',
    '/// Version of the contracts.',
    `pub const VERSION: u32 = ${source.version};`,
    '',
    '/// First byte of every envelope.',
    `pub const ENVELOPE_VERSION: u8 = ${source.envelopeVersion};`,
    '',
    ...constants('Numbers of chains in domains.', 'chain', 'u8', Object.entries(source.chains)),
    ...constants(
      'What the bytes of each kind of message begin with before they are hashed.',
      'tag',
      '&[u8]',
      Object.entries(source.tags).map(([name, tag]) => [name, `b"${tag}\\0"`]),
    ),
    ...constants('Ordinals of operations.', 'operation', 'u8', Object.entries(source.operations)),
    ...numbered('What a member may do with data.', 'Role', ordinals(source.roles)),
    ...numbered('Who may approve proposals of a group.', 'Approvers', ordinals(source.approvers)),
    ...constants('Bits of what a member may change.', 'capability', 'u8', [
      ...Object.entries(source.capabilities),
      ['all', all],
    ]),
    '/// Bounds, the same on every chain.',
    'pub mod limit {',
    ...indent(Object.entries(source.limits).map(([name, value]) => limitOf(name, value))),
    '}',
    '',
    ...constants(
      'Seconds that pass before something takes effect.',
      'delay',
      'u64',
      Object.entries(source.delays),
    ),
    ...numbered('Why a request has no effect.', 'Refusal', errorsOf(source, CHAINS)),
    ...eventTable(source),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n')
}

/** `contracts/stellar/src/refusal.rs`: refusals as errors of a contract on Stellar, which its interface names. */
export function toStellarErrors(source: ContractInterface): string {
  const errors = errorsOf(source, ['stellar'])
  return [
    '//! Refusals as errors of a contract, by the names and numbers that every anchor has. Generated from `contracts/interface.json` by',
    '//! `npm run build:contracts`. Do not edit.',
    'use soroban_sdk::contracterror;',
    '',
    '#[contracterror]',
    '#[derive(Clone, Copy, Debug, PartialEq, Eq)]',
    '#[repr(u32)]',
    'pub enum Refusal {',
    ...indent(errors.map(([name, number]) => `${name} = ${number},`)),
    '}',
    '',
    'impl From<merogate_core::interface::Refusal> for Refusal {',
    '    fn from(refusal: merogate_core::interface::Refusal) -> Self {',
    '        match refusal.number() {',
    ...indent(
      errors.map(([name, number]) => `${number} => Self::${name},`),
      3,
    ),
    '            _ => panic!("a refusal of another chain"),',
    '        }',
    '    }',
    '}',
    '',
  ].join('\n')
}
