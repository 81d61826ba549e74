/** What chains add to a command: options, and lines of its help. */
import { type Command, Option } from 'commander'
import type { Chain, ChainCommandName, ChainOption } from '../chains/chain.ts'
import { CHAINS, namesOf } from '../chains/chains.ts'

/** The option that names a chain. */
export function chainOption(text: string, names: readonly string[] = namesOf(CHAINS)): Option {
  return new Option('--chain <name>', text).choices(names)
}

/** Adds the options that the chains have for a command; what one of several takes says whose it is. */
export function withChainOptions(
  command: Command,
  name: ChainCommandName,
  part: 'options' | 'details' = 'options',
): Command {
  for (const option of mergedOptions(CHAINS, name, part)) command.addOption(option)
  return command
}

/** Names of the options that the chains have for a command, as commander keeps their values. */
export function chainOptionNames(name: ChainCommandName): string[] {
  return mergedOptions(CHAINS, name, 'options').map((option) => option.attributeName())
}

/** The end of a command's help. @param own examples of the command itself @param last a paragraph */
export function chainHelp(name: ChainCommandName, own: readonly string[], last?: string): string {
  const parts = CHAINS.flatMap(({ commands }) => commands[name] ?? [])
  const examples = [...own, ...parts.flatMap((part) => part.examples ?? [])]
  const paragraphs = [
    ...parts.map(({ about }) => about),
    ['Examples:', ...examples.map((example) => `  ${example}`)].join('\n'),
    ...parts.map(({ note }) => note),
    last,
  ]
  return `\n${paragraphs.filter((text) => text !== undefined).join('\n\n')}`
}

/** The options of chains for a command: the same flags are one option, which says whose it is unless all that take any have it. */
export function mergedOptions(
  chains: readonly Pick<Chain, 'name' | 'commands'>[],
  name: ChainCommandName,
  part: 'options' | 'details',
): Option[] {
  const takers = chains.flatMap(({ name: chain, commands }) => {
    const options = commands[name]?.[part] ?? []
    return options.length === 0 ? [] : [{ chain, options }]
  })
  const all = takers.flatMap(({ options }) => options.map(({ flags }) => flags))
  return [...new Set(all)].map((flags) => {
    const found = takers.flatMap(({ chain, options }) =>
      options.filter((each) => each.flags === flags).map((option) => ({ chain, option })),
    )
    const isEverybodys = found.length === takers.length
    const option = new Option(flags, textOf(found, isEverybodys)).conflicts([
      ...new Set(found.flatMap(({ option: { conflicts = [] } }) => conflicts)),
    ])
    return option.makeOptionMandatory(
      isEverybodys && found.every(({ option: { isRequired } }) => isRequired === true),
    )
  })
}

function textOf(
  found: readonly { readonly chain: string; readonly option: ChainOption }[],
  isEverybodys: boolean,
): string {
  const texts = Map.groupBy(found, ({ option: { text } }) => text)
  if (isEverybodys && texts.size === 1) return [...texts.keys()].join('')
  return [...texts]
    .map(([text, chains]) => `${chains.map(({ chain }) => chain).join(', ')}: ${text}`)
    .join('; ')
}
