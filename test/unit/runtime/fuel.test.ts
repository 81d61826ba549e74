import { expect } from 'chai'
import { kvInput } from '../../support/kv-app.ts'
import { loadKv, Replica, scripted } from '../../support/guest.ts'
import { loadWat, wat } from '../../support/wat.ts'
import { thrownCode } from '../../support/error-code.ts'

async function guest(functions: string, fuel = 1_000_000n): Promise<Replica> {
  const module = await loadWat(wat(`(module (memory (export "memory") 1) ${functions})`))
  return new Replica({
    module,
    name: 'a',
    wallNs: () => 1n,
    random: (n) => new Uint8Array(n),
    fuel,
  })
}

async function fuelOf(functions: string): Promise<bigint> {
  return (await guest(functions)).callBytes('f', kvInput()).fuel
}

describe('fuel', () => {
  it('counts operators', async () => {
    // end
    expect(await fuelOf('(func (export "f"))')).to.equal(1n)
    // const, drop, end
    expect(await fuelOf('(func (export "f") (drop (i32.const 1)))')).to.equal(3n)
  })

  it('counts each turn of a loop', async () => {
    const loop = (turns: number): string =>
      `(func (export "f") (local i32)
        (loop $l (br_if $l (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const ${turns})))))`
    const ten = await fuelOf(loop(10))
    expect(await fuelOf(loop(20))).to.equal(ten + 10n * 7n)
  })

  it('counts a branch only when it is taken, once it is worth it', async () => {
    const work = '(local.set 0 (i32.add (local.get 0) (i32.const 1)))'.repeat(10)
    const branch = (condition: number): string =>
      `(func (export "f") (local i32) (if (i32.const ${condition}) (then ${work}) (else (nop))) ${work})`
    expect(Number((await fuelOf(branch(1))) - (await fuelOf(branch(0))))).to.be.within(30, 45)
  })

  it('counts what follows a block once, whichever way the block is left', async () => {
    const work = '(local.set 0 (i32.add (local.get 0) (i32.const 1)))'.repeat(10)
    const block = (condition: number): string =>
      `(func (export "f") (local i32) (block $b (br_if $b (i32.const ${condition})) (drop (i32.const 1))) ${work})`
    expect(await fuelOf(block(0))).to.equal(await fuelOf(block(1)))
  })

  it('counts the way out by return, in functions that call and in others', async () => {
    const work = '(local.set 1 (i32.add (local.get 1) (i32.const 1)))'.repeat(10)
    for (const call of ['', '(call $g)']) {
      const text = (early: number): string =>
        `(func $g) (func $h (param i32) (result i32) (local i32)
          (if (local.get 0) (then ${work} (return (local.get 1)))) ${work} ${work} ${call} (local.get 1))
        (func (export "f") (drop (call $h (i32.const ${early}))))`
      expect(Number((await fuelOf(text(0))) - (await fuelOf(text(1))))).to.be.within(30, 90)
    }
  })

  it('keeps what functions return', async () => {
    const replica = await guest(`
      (func $early (param i32) (result i32)
        (block $out (loop $again
          (if (i32.eq (local.get 0) (i32.const 7)) (then (return (i32.const 70))))
          (br_if $out (i32.gt_u (local.get 0) (i32.const 9)))
          (local.set 0 (i32.add (local.get 0) (i32.const 1)))
          (br $again)))
        (local.get 0))
      (func (export "f")
        (if (i32.ne (call $early (i32.const 3)) (i32.const 70)) (then unreachable))
        (if (i32.ne (call $early (i32.const 8)) (i32.const 10)) (then unreachable)))`)
    expect(replica.callBytes('f', kvInput()).fuel > 20n).to.equal(true)
  })

  it('counts the length of copies and fills', async () => {
    const fill = (length: number): string =>
      `(func (export "f") (memory.fill (i32.const 0) (i32.const 1) (i32.const ${length})))`
    expect((await fuelOf(fill(8192))) - (await fuelOf(fill(0)))).to.equal(1024n)
  })

  for (const [what, body] of [
    ['a loop', '(func (export "f") (loop $l (br $l)))'],
    [
      'a loop in a function that calls',
      '(func $g) (func (export "f") (loop $l (call $g) (br $l)))',
    ],
    [
      'endless recursion with an end to the stack',
      '(func $g (export "g") (call $h)) (func $h (call $h2)) (func $h2) (func (export "f") (loop $l (call $g) (br $l)))',
    ],
    [
      'fills',
      '(func (export "f") (loop $l (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) (br $l)))',
    ],
    ['a branch table', '(func (export "f") (loop $l (block $b (br_table $b $l (i32.const 1)))))'],
  ] as const) {
    it(`ends ${what}`, async () => {
      const replica = await guest(body)
      expect(thrownCode(() => replica.callBytes('f', kvInput()))).to.equal('RUNTIME_FUEL')
    })
  }

  it('is enough by exactly what a call uses', async () => {
    const text =
      '(func (export "f") (local i32) (loop $l (br_if $l (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 100)))))'
    const used = await fuelOf(text)
    expect((await guest(text, used)).callBytes('f', kvInput()).fuel).to.equal(used)
    const short = await guest(text, used - 1n)
    expect(thrownCode(() => short.callBytes('f', kvInput()))).to.equal('RUNTIME_FUEL')
  })

  it('is the same whenever an app does the same', async () => {
    const module = await loadKv()
    const run = (): bigint[] => {
      const script = scripted()
      const replica = new Replica({ module, name: 'a', wallNs: () => 0n, reuse: false, ...script })
      return ['init', 'incr', 'incr', 'hits'].map((method, n) => {
        script.next(n)
        return replica.call(method).fuel
      })
    }
    expect(run()).to.deep.equal(run())
  })
})
