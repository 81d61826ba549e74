/** The stage of the demo: numbered steps, so that a failure says which one it was. */
let current = 'start'
let number = 0
let isRunning = false
let facts: string[] = []
const began = performance.now()

/** Name of the step that runs. */
export function currentStep(): string {
  return current
}

/** Runs a step under a name, and prints it when it is done. */
export async function step<T>(name: string, work: () => Promise<T>): Promise<T> {
  current = name
  isRunning = true
  const result = await work()
  isRunning = false
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  console.log(`${String(++number).padStart(2)}. ${name} (${seconds} s)`)
  for (const text of facts) fact(text)
  facts = []
  return result
}

/** Prints a fact about the step that runs, or the one before. */
export function fact(text: string): void {
  if (isRunning) facts.push(text)
  else console.log(`    ${text}`)
}

/** Ends the demo unless something is so. */
export function expect(condition: boolean, message: string): void {
  if (!condition) throw new Error(message)
}
