// What an operator is told of a request that the relay failed to answer: where in the code, and nothing of what was in the request.
// Spec: docs/spec/relay.md, "Starting".
import { SealchartError } from '@sealchart/protocol'

/** Frames of a stack that are told: enough to find the place. */
const FRAMES = 8

/** Requests a minute of which each is told. */
const MOST_TOLD = 10

/** Tells of requests that the relay failed to answer, and of more than a few in a minute their number: a full disk fails all of them. */
export function failureTeller(say: (line: string) => void): { tell(error: unknown): void; endMinute(): void } {
  let failed = 0
  return {
    tell(error) {
      if (++failed <= MOST_TOLD) say(`a request failed: ${describeFailure(error)}`)
    },
    endMinute() {
      if (failed > MOST_TOLD) say(`${failed - MOST_TOLD} more requests failed within a minute`)
      failed = 0
    },
  }
}

/** Kind, code and place of an error and of what caused it; never its message, which may repeat what it was about. */
export function describeFailure(error: unknown): string {
  const lines: string[] = []
  for (let at = error; at !== undefined && lines.length < 3 * FRAMES; at = at instanceof Error ? at.cause : undefined) {
    lines.push(...describeOne(at))
  }
  return lines.join('\n')
}

function describeOne(error: unknown): string[] {
  if (!(error instanceof Error)) return [`a ${typeof error} was thrown`]
  const code = error instanceof SealchartError ? error.code : codeOf(error)
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  return [code === null ? error.name : `${error.name} ${code}`, ...frames.slice(0, FRAMES)]
}

/** As the system's and SQLite's errors have one. */
function codeOf(error: Error): string | null {
  const code = 'code' in error ? error.code : null
  return typeof code === 'string' && /^[A-Z_0-9]{1,40}$/.test(code) ? code : null
}
