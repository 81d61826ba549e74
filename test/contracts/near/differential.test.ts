/** The committed contracts on the local NEAR chain against the reference model, in every record too: the shared frame has the titles of the tests. */
import { utf8 } from '../../../src/node/primitives/bytes.ts'
import { describeDifferences } from '../shared/differential.ts'
import { ChainRules } from './chain-rules.ts'

describeDifferences('near contracts: against the model, in random sequences of requests', {
  open: (name) => {
    const rules = new ChainRules(name)
    return () => rules.reset()
  },
  successor: utf8('successor.test.near'),
})
