import { expect } from 'chai'
import {
  CandidSyntaxError,
  serviceOf,
  takenAway,
} from '../../../../src/chains/icp/deploy/interface.ts'

const BEFORE = `
// what a canister offers
type Refused = record { number : nat8; name : text; expected : opt nat64 };
type Result = variant { Ok : record { place : nat64 }; Err : Refused };
type List = opt record { head : nat; tail : List };
service : (record { network : text }) -> {
  apply : (envelope : blob, signature : blob) -> (Result);
  check : (blob, blob) -> (opt Refused) query;
  "list" : (List) -> () oneway;
  callback : (func (nat) -> (nat) query) -> ();
}`

describe('an interface of a canister', () => {
  it('takes nothing away when it says the same in other words, or more', () => {
    const same = `
      type R = record { "expected" : opt nat64; name : text; number : nat8 };
      type Chain = opt record { tail : Chain; head : nat };
      service merogate : (text, opt nat) -> {
        callback : (func (nat) -> (nat) query) -> ();
        list : (items : Chain) -> () oneway;
        check : (vec nat8, vec nat8) -> (opt R) query;
        more : () -> (nat);
        apply : (vec nat8, vec nat8) -> (variant { Err : R; Ok : record { place : nat64 } });
      };`
    expect(takenAway(BEFORE, same)).to.deep.equal([])
    expect(takenAway(BEFORE, BEFORE)).to.deep.equal([])
    expect([...serviceOf(BEFORE).keys()]).to.deep.equal(['apply', 'check', 'list', 'callback'])
  })

  const CHANGES: readonly [string, string, string, string][] = [
    ['a method is left out', '  check : (blob, blob) -> (opt Refused) query;', '', 'check is gone'],
    ['a method has another name', 'check :', 'try :', 'check is gone'],
    [
      'an argument is gone',
      'apply : (envelope : blob, signature : blob)',
      'apply : (blob)',
      'apply is another',
    ],
    [
      'an argument is more',
      'check : (blob, blob)',
      'check : (blob, blob, nat)',
      'check is another',
    ],
    ['an answer is another', '-> (Result)', '-> (nat)', 'apply is another'],
    ['a query is none', ') query;\n  "list"', ');\n  "list"', 'check is another'],
    ['a field deep within is another', 'number : nat8', 'number : nat16', 'apply is another'],
    ['a variant has one less', 'Ok : record { place : nat64 }; ', '', 'apply is another'],
    ['what lies within itself is another', 'head : nat;', 'head : int;', 'list is another'],
    [
      'a function that is handed over is another',
      'func (nat)',
      'func (int)',
      'callback is another',
    ],
  ]
  for (const [what, part, instead, told] of CHANGES) {
    it(`takes something away where ${what}`, () => {
      expect(BEFORE).to.include(part)
      expect(takenAway(BEFORE, BEFORE.replace(part, instead))).to.include(told)
    })
  }

  it('takes something away where the same name is another type', () => {
    // both say T, and mean something else by it
    const one = 'type T = nat; service : { a : (T) -> () }'
    const other = 'type T = text; service : { a : (T) -> () }'
    expect(takenAway(one, other)).to.deep.equal(['a is another'])
    // alike but for what lies within itself
    const inner = 'type U = opt U; type T = record { a : U }; service : { a : (T) -> () }'
    const outer = 'type T = record { a : opt T }; service : { a : (T) -> () }'
    expect(takenAway(inner, outer)).to.deep.equal(['a is another'])
    const tuple = 'service : { a : (record { nat; text }) -> () }'
    const numbered = 'service : { a : (record { 1 : text; 0 : nat }) -> () }'
    expect(takenAway(tuple, numbered)).to.deep.equal([])
    expect(takenAway(tuple, 'service : { a : (record { text; nat }) -> () }')).to.have.length(1)
  })

  for (const text of [
    '',
    'service : {',
    'service : { a : (T) -> () }',
    'service : { a : nat §',
    'import "x"; service : {}',
    'service : {} service : {}',
  ]) {
    it(`is none where it says ${JSON.stringify(text)}`, () => {
      expect(() => serviceOf(text)).to.throw(CandidSyntaxError)
    })
  }
})
