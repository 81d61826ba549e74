/**
 * Compiles a Motoko actor, in a process of its own: the compiler is JavaScript that prints all of itself when something goes wrong. Takes the
 * source on standard input and writes the module to standard output.
 */
import { readFileSync, writeSync } from 'node:fs'

interface Motoko {
  write(path: string, source: string): void
  wasm(path: string, target: 'ic'): { readonly wasm: Uint8Array }
}

// a module of another system, whose own default is one deeper
const { default: loaded } = (await import('motoko')) as unknown as { default: { default: Motoko } }
const { default: motoko } = loaded
motoko.write('Main.mo', readFileSync(0, 'utf8'))
const { wasm } = motoko.wasm('Main.mo', 'ic')
for (let at = 0; at < wasm.length;) at += writeSync(1, wasm, at)
