/** The committed contracts on the local Stellar network against the reference model, in every record too: the shared frame has the titles of the tests. */
import { StellarBench } from '../../support/stellar-contracts.ts'
import { describeDifferences } from '../shared/differential.ts'
import { ChainRules } from './chain-rules.ts'

describeDifferences('stellar contracts: against the model, in random sequences of requests', {
  open: (name) => {
    const rules = new ChainRules(name)
    return () => rules.reset()
  },
  // whatever it is: an address follows from who deploys, and a salt
  successor: new StellarBench().deploy('contexts', 'successor'),
})
