// Trying again after a head moved: the relay stored nothing, the next attempt syncs first. Bounded, because two writers can only
// hold each other up for so long before one of them should be told.
import { SealchartError } from '@sealchart/protocol'

const ATTEMPTS = 4

/** Runs `act` again while it ends in CONFLICT or in STALE_EPOCH that a newer state would mend. */
export async function retrying<T>(act: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await act()
    } catch (error) {
      if (attempt === ATTEMPTS || !(error instanceof SealchartError) || error.code !== 'CONFLICT') throw error
    }
  }
}
