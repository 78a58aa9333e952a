// Boards that give registration numbers, and what their numbers look like as far as it is known. It warns an issuer of a slip; it refuses
// nothing, because boards change their numbers and are more than these. Spec: docs/sdk.md, "Registration numbers".

interface Board {
  readonly name: string
  readonly number: RegExp
  readonly like: string
}

/** Short name → board. The short name is what counts: it stands in the hash. */
const boards: Readonly<Record<string, Board>> = {
  'hk-mchk': { name: 'Medical Council of Hong Kong', number: /^M\d{5}$/, like: 'M and five digits' },
  'hk-dchk': { name: 'Dental Council of Hong Kong', number: /^D\d{5}$/, like: 'D and five digits' },
  'hk-nchk': { name: 'Nursing Council of Hong Kong', number: /^[A-Z]{0,3}\d{4,7}$/, like: 'letters and digits' },
}

/** What is unusual about a number, in a sentence for whoever maintains the accounts; null for nothing. */
export function warningOf({ board, number }: { readonly board: string; readonly number: string }): string | null {
  const known = Object.hasOwn(boards, board) ? (boards[board] as Board) : null
  if (!known) return `the board ${board} is not known here: every institution has to call it the same`
  return known.number.test(number) ? null : `numbers of the ${known.name} are ${known.like}`
}
