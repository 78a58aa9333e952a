// A window: so many tasks at once, and so many bytes in their hands, whatever is waiting behind them. Uploads and their memory are
// bounded here. The first failure closes the window: nothing more begins, and whoever waits learns of it.

export interface Window {
  /** Waits for room, begins the task and returns without its end. @throws the first failure of any task */
  admit(bytes: number, task: () => Promise<void>): Promise<void>
  /** Waits until no task runs. @throws the first failure of any task */
  drain(): Promise<void>
}

export function createWindow(most: { readonly tasks: number; readonly bytes: number }): Window {
  let tasks = 0
  let bytes = 0
  let failure: { readonly error: unknown } | null = null
  let waiting: (() => void)[] = []
  const change = (): Promise<void> => new Promise((resolve) => waiting.push(resolve))
  // A task larger than the window is admitted alone.
  const isFull = (more: number): boolean => tasks > 0 && (tasks >= most.tasks || bytes + more > most.bytes)

  async function run(size: number, task: () => Promise<void>): Promise<void> {
    try {
      await task()
    } catch (error) {
      failure ??= { error }
    }
    tasks--
    bytes -= size
    const woken = waiting
    waiting = []
    for (const wake of woken) wake()
  }
  return {
    async admit(size, task) {
      while (failure === null && isFull(size)) await change()
      if (failure !== null) throw failure.error
      tasks++
      bytes += size
      void run(size, task)
    },
    async drain() {
      while (tasks > 0) await change()
      if (failure !== null) throw failure.error
    },
  }
}
