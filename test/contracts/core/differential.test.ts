/** The rules in Rust, as the committed module, against the reference model, in every record too. Needs no Rust. */
import { describeDifferences } from '../shared/differential.ts'

describeDifferences('the Rust core against the model, in random sequences of requests', {
  damages: 2500,
  sequences: 100,
})
