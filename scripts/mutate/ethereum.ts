/** Rules of the Solidity contracts that are broken one by one, and the suites that must notice. */
import { CONTEXT_MUTATIONS } from './ethereum-contexts.ts'
import { ENVELOPE_MUTATIONS } from './ethereum-envelopes.ts'
import { INVITATION_MUTATIONS } from './ethereum-invitations.ts'
import { PACKAGE_MUTATIONS } from './ethereum-packages.ts'
import type { Suite, Target } from './suites.ts'

const FOLDER = 'test/contracts/ethereum'
const DIFFERENTIAL = `${FOLDER}/differential.test.ts`
const SIGNATURES = `${FOLDER}/ed25519.test.ts`
const ENDS = `${FOLDER}/ends.test.ts`
const PACKAGE_DIFFERENTIAL = `${FOLDER}/package-differential.test.ts`
const PACKAGE_WEAKNESSES = `${FOLDER}/weaknesses-of-packages.test.ts`
const COMPLIANCE = 'test/compliance/chains/ethereum.test.ts'

// random sequences come last: what only they notice has no test of its own
// what packages have in common with contexts is mutated in the contract of contexts alone, so their tests would see nothing of it
const ATTACKS: Suite = {
  files: [`${FOLDER}/*.test.ts`],
  except: [DIFFERENTIAL, SIGNATURES, PACKAGE_DIFFERENTIAL, PACKAGE_WEAKNESSES],
}
const ED25519: Suite = { files: [SIGNATURES] }
const IDENTITIES: Suite = { files: ['test/compliance/chains/ethereum-identities.test.ts'] }
const ROWS: Suite = { files: [COMPLIANCE], grep: 'signed by the identities (?!packages)' }
const RANDOM: Suite = { files: [DIFFERENTIAL] }
const PACKAGE_ROWS: Suite = { files: [COMPLIANCE], grep: 'signed by the identities packages' }
const PACKAGE_ATTACKS: Suite = { files: [PACKAGE_WEAKNESSES, ENDS] }
const PACKAGE_RANDOM: Suite = { files: [PACKAGE_DIFFERENTIAL] }

const OF_PACKAGES = /\/(?:PackageRegistry|PackageFields|Releases|lib\/(?:Majors|Semver))\.sol$/
const OF_SIGNATURES = /\/lib\/(?:Ed25519|Sha512)\.sol$/

function suitesFor(file: string): readonly Suite[] {
  if (OF_PACKAGES.test(file)) return [PACKAGE_ROWS, PACKAGE_ATTACKS, PACKAGE_RANDOM]
  const others = [ATTACKS, IDENTITIES, ROWS, RANDOM]
  return OF_SIGNATURES.test(file) ? [ED25519, ...others] : [...others, ED25519]
}

export const ETHEREUM: Target = {
  mutations: [
    ...INVITATION_MUTATIONS,
    ...CONTEXT_MUTATIONS,
    ...ENVELOPE_MUTATIONS,
    ...PACKAGE_MUTATIONS,
  ],
  suitesFor,
}
