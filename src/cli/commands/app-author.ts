/** `merogate app new`, `build`, `keygen` and `inspect`: for who writes applications; none of them needs a node. */
import { relative, resolve } from 'node:path'
import type { Command } from 'commander'
import { jsonArgument } from '../arguments.ts'
import { action } from '../session.ts'

interface BuildFlags {
  key?: string
  out?: string
}

export function authorCommands(app: Command): void {
  app
    .command('new <folder>')
    .description('begin an application in Rust: a folder with sources, a test and a README')
    .addHelpText(
      'after',
      '\nExample:\n  merogate app new notes && cd notes && merogate app build && merogate dev --app . --watch',
    )
    .action(
      action(async ({ output }, path) => {
        const { newApplication } = await import('../app/new.ts')
        const { folder, name } = await newApplication(path ?? '')
        const steps = [
          ...(folder === process.cwd() ? [] : [`cd ${relative(process.cwd(), folder)}`]),
          ...['merogate app build', 'merogate dev --app . --watch'],
        ]
        output.result({ name, folder }, [`made ${folder}; next:`, ...steps].join('\n  '))
      }),
    )
  app
    .command('build [folder]')
    .description('build an application in Rust and pack it: module, ABI, hashes, signature')
    .option('--key <file>', 'sign with this key; `merogate app keygen` makes one')
    .option('--out <file>', 'where the bundle goes; default: dist/<crate>.mpk')
    .addHelpText('after', '\nExample:\n  merogate app build --key signer.key')
    .action(
      action<BuildFlags>(async ({ options, output }, path) => {
        const { buildApplication } = await import('../app/build.ts')
        const { readSignerKey } = await import('../app/signer-key.ts')
        const { inspectApplication } = await import('../app/inspect.ts')
        const key = options.key === undefined ? undefined : await readSignerKey(options.key)
        const built = await buildApplication({
          ...{ folder: path ?? '.', key, out: options.out },
          onLine: (line) => output.log({ event: 'building', line }, line),
        })
        const { abi: _abi, ...facts } = built
        const { verdict, warnings, init, signature } = await inspectApplication(built.file)
        const fuel = 'fuel' in init ? `, init: ${init.fuel} fuel` : ''
        const signer = signature.state === 'valid' ? [`signed by ${signature.signer}`] : []
        output.result(
          { ...facts, verdict, warnings, signature },
          [
            `${built.file}: ${built.package} ${built.version}, ${built.size} bytes`,
            ...signer,
            `${verdict}${fuel}`,
            ...warnings.map(({ message }) => `warning: ${message}`),
          ].join('\n'),
        )
      }),
    )
  app
    .command('keygen <file>')
    .description('make a key that signs bundles, and say who it is')
    .action(
      action(async ({ output }, file) => {
        const { makeSignerKey } = await import('../app/signer-key.ts')
        const signer = await makeSignerKey(resolve(file ?? ''))
        output.result({ signer, file }, signer)
      }),
    )
  app
    .command('inspect <file>')
    .description('tell everything about a .wasm module or .mpk bundle')
    .option('--init-args <json>', 'input of `init`; default: examples of what it takes')
    .option('--service <name>', 'which service of a bundle that has several; default: the first')
    .addHelpText('after', '\nExample:\n  merogate app inspect notes.mpk')
    .action(
      action<{ initArgs?: string; service?: string }>(async ({ options, output }, file) => {
        const { inspectApplication, inspectionText } = await import('../app/inspect.ts')
        const { initArgs, service } = options
        const found = await inspectApplication(resolve(file ?? ''), {
          ...(initArgs === undefined ? {} : { args: jsonArgument('--init-args', initArgs) }),
          ...(service === undefined ? {} : { service }),
        })
        output.result(found, inspectionText(found))
      }),
    )
}
