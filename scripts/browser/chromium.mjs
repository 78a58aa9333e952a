// The Chromium of the system, as tests and benches start it: without a display, and without asking anything of any
// network.
import { existsSync } from 'node:fs'

export const CHROMIUM = process.env.SEALCHART_CHROMIUM ?? '/usr/bin/chromium'

export const launchArguments = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** True if there is a Chromium; otherwise says how to get one. */
export function hasChromium() {
  if (existsSync(CHROMIUM)) return true
  console.error(
    `there is no ${CHROMIUM}: bash scripts/system-packages.sh chromium, or name another in SEALCHART_CHROMIUM`,
  )
  return false
}
