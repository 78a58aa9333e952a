// Trying again after a head moved: the relay stored nothing, the next attempt syncs first. Bounded, because two writers can only
// hold each other up for so long before one of them should be told.
import { SealchartError } from '@sealchart/protocol'

const ATTEMPTS = 4

/** Runs `act` again while it ends in CONFLICT, at most four times in all. */
export async function retrying<T>(act: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await act()
    } catch (error) {
      if (attempt === ATTEMPTS || !(error instanceof SealchartError) || error.code !== 'CONFLICT') throw error
    }
  }
}
