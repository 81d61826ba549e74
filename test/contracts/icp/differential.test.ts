/** The committed canisters on the local Internet Computer against the reference model, in every row and what is certified of them too. */
import { canisterId } from '../../../src/devnet/icp/codec/principal.ts'
import { describeDifferences } from '../shared/differential.ts'
import { ChainRules } from './chain-rules.ts'

describeDifferences('icp contracts: against the model, in random sequences of requests', {
  open: (name) => {
    const rules = new ChainRules(name)
    return () => rules.reset()
  },
  successor: canisterId(99n),
})
