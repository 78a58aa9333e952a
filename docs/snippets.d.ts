// What the fragments of TypeScript in the documents take for granted. scripts/check-docs.mjs compiles every block beside this file.

/** The text of the network file. */
declare const network: string
declare const chart: import('@sealchart/client-sdk').Sealchart
declare const record: import('@sealchart/client-sdk').ChartRecord
declare const opened: import('@sealchart/client-sdk').ChartRecord
declare const lee: import('@sealchart/client-sdk').Person
declare const ho: import('@sealchart/client-sdk').Person
declare const wong: import('@sealchart/client-sdk').Person
declare const issuer: import('@sealchart/client-sdk').Issuer

/** Contents of files, and where they come from or go to. */
declare const letter: Uint8Array
declare const picker: HTMLInputElement
declare const viewer: WritableStream<Uint8Array>
/** Of the vendor's own program. */
declare const visit: { readonly uuid: string }
declare const passphrase: string
declare const code: string
declare const hostKey: Uint8Array
declare const signal: AbortSignal
declare function show(...what: unknown[]): void
declare function logIn(): Promise<void>
declare function userOf(request: Request): Promise<{ fullName: string; registration: string; role: string }>
