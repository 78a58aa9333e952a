// Boards that give registration numbers, and what their numbers look like where that is known from practice. It warns an issuer of a
// slip, and refuses nothing: boards publish no rule for their numbers, and are more than these. Guide: docs/sdk.md, "Registration numbers".

interface Board {
  readonly name: string
  /** What a number looks like, and how to say so; null where it is not known. */
  readonly looks: { readonly like: RegExp; readonly said: string } | null
}

/** Short name → board. The short name is what counts: it stands in the number's hash. */
const boards: Readonly<Record<string, Board>> = {
  'hk-mchk': { name: 'Medical Council of Hong Kong', looks: { like: /^M\d{5}$/, said: 'M and five digits' } },
  'hk-dchk': { name: 'Dental Council of Hong Kong', looks: null },
  'hk-nchk': { name: 'Nursing Council of Hong Kong', looks: null },
  'hk-mwchk': { name: 'Midwives Council of Hong Kong', looks: null },
}

/** What is unusual about a number, in a sentence for whoever maintains the accounts; null for nothing. */
export function warningOf({ board, number }: { readonly board: string; readonly number: string }): string | null {
  const known = Object.hasOwn(boards, board) ? (boards[board] as Board) : null
  if (!known) return `the board ${board} is not known here: every institution has to call it the same`
  return known.looks === null || known.looks.like.test(number)
    ? null
    : `numbers of the ${known.name} are ${known.looks.said}`
}
