// Syncs of folders, shared by all who wait: however many files came into a folder, one sync answers for them.
// Spec: docs/spec/storage.md, "Files". A sync that has begun may have missed a name: whoever comes while it runs waits for the next.

interface Folder {
  running: Promise<void>
  /** The sync that begins when the running one ends, if somebody waits for it. */
  next: Promise<void> | null
}

/** A function that resolves when everything that lies in a folder at its call survives the loss of power. */
export function sharedSyncs(sync: (folder: string) => Promise<void>): (folder: string) => Promise<void> {
  const folders = new Map<string, Folder>()

  const run = (path: string): Promise<void> => {
    const running = sync(path).finally(() => {
      if (folders.get(path)?.running === running) folders.delete(path)
    })
    folders.set(path, { running, next: null })
    return running
  }

  return (path) => {
    const folder = folders.get(path)
    if (folder === undefined) return run(path)
    folder.next ??= folder.running.then(
      () => run(path),
      () => run(path),
    )
    return folder.next
  }
}
