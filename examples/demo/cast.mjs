// Who plays in the demonstration, and what they say: reasons and purposes are sealed, and searched for later.

export const REASONS = {
  lee: 'referral for angiogram',
  wong: 'a laboratory question',
  revoked: 'handed over to Dr Wong',
}
export const PURPOSES = {
  lee: 'treatment on the ward',
  leeAgain: 'the corrected letter',
  wong: 'laboratory conference',
}

/** By the key of their institution's process. */
export const people = {
  chan: {
    institution: 'kec',
    claims: { name: 'Dr Chan Mei Ling', registration: 'M10001', board: 'hk-mchk', role: 'doctor' },
  },
  lee: {
    institution: 'harbour',
    claims: { name: 'Dr Lee Chun Fai', registration: 'M10002', board: 'hk-mchk', role: 'cardiologist' },
  },
  wong: {
    institution: 'harbour',
    claims: { name: 'Dr Wong Yee Man', registration: 'M10003', board: 'hk-mchk', role: 'pathologist' },
  },
  ho: {
    institution: 'harbour',
    claims: { name: 'Dr Ho Kwok Wai', registration: 'M10004', board: 'hk-mchk', role: 'surgeon' },
  },
}
