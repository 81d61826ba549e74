/** The built canisters, packed: that is how they are installed, and what the chain's module hash is of. */
import { Artifacts } from '../../shared/core/artifacts.ts'

export const ARTIFACTS: Artifacts = new Artifacts('icp', 'wasm.gz')
