// Where the server of the browser tests hands out the repository's files, for stand-ins/fs.mjs. Imported by both sides.

export const FILES = '/files-of-the-repository'
