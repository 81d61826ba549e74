/** Rules of the Solidity contracts that are broken one by one, and the suites that must notice. */
import { CONTEXT_MUTATIONS } from './ethereum-contexts.ts'
import { ENVELOPE_MUTATIONS } from './ethereum-envelopes.ts'
import { INVITATION_MUTATIONS } from './ethereum-invitations.ts'
import { PACKAGE_MUTATIONS } from './ethereum-packages.ts'
import type { Suite, Target } from './suites.ts'

const DIFFERENTIAL = 'test/contracts/ethereum/differential.test.ts'
const COMPLIANCE = 'test/compliance/chains/ethereum.test.ts'

const ATTACKS: Suite = { files: ['test/contracts/ethereum/*.test.ts'], except: DIFFERENTIAL }
const IDENTITIES: Suite = { files: ['test/compliance/chains/ethereum-identities.test.ts'] }
const ROWS: Suite = { files: [COMPLIANCE], grep: 'signed by the identities' }
const PACKAGE_ROWS: Suite = { files: [COMPLIANCE], grep: 'signed by the identities packages' }
const RANDOM: Suite = { files: [DIFFERENTIAL] }

const OF_PACKAGES = /\/(?:PackageRegistry|PackageFields|Releases|lib\/(?:Majors|Semver))\.sol$/

export const ETHEREUM: Target = {
  mutations: [
    ...INVITATION_MUTATIONS,
    ...CONTEXT_MUTATIONS,
    ...ENVELOPE_MUTATIONS,
    ...PACKAGE_MUTATIONS,
  ],
  suitesFor: (file) =>
    OF_PACKAGES.test(file) ? [PACKAGE_ROWS, ATTACKS] : [ATTACKS, IDENTITIES, ROWS, RANDOM],
}
