// Stories of who may read what: who leaves, what is lost, whose word was void.
import consultation from './consultation.mjs'
import dismissedIssuer from './dismissed-issuer.mjs'
import intern from './intern.mjs'
import lostPhone from './lost-phone.mjs'
import sharedWorkstation from './shared-workstation.mjs'

/** @type {Readonly<Record<string, (say: (line: string) => void) => Promise<void>>>} */
export const stories = {
  consultation,
  'lost-phone': lostPhone,
  intern,
  'shared-workstation': sharedWorkstation,
  'dismissed-issuer': dismissedIssuer,
}
