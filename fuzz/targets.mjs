// Every target: one for each decoder that sees foreign bytes. What a target is:
//
//     name      `<file or area>/<function>`
//     form      what the mutations take an input for: cbor, text, framed or bytes (mutate.mjs)
//     seeds     inputs to begin with; some are accepted, some refused
//     lenders   seeds whose items and ends the mutations put into an input; the target's own unless given
//     share     which part of the usual number of inputs it gets, where an input is expensive; 1 unless given
//     run       takes the bytes; returns what was accepted, or throws
//     reencode  (accepted, bytes) → the bytes that the package writes for it, which must be the input, or `original(bytes)`
//     onlySeeds nothing but the seeds may be accepted: signatures and seals
//     repair    sets digests inside an input right again, used on half of the inputs
import { answerTargets } from './targets/answers.mjs'
import { codec } from './targets/codec.mjs'
import { cryptoTargets } from './targets/crypto.mjs'
import { relayTargets } from './targets/relay.mjs'
import { sdkTargets } from './targets/sdk.mjs'
import { structures } from './targets/structures.mjs'

export const targets = [...codec, ...structures, ...answerTargets, ...cryptoTargets, ...sdkTargets, ...relayTargets]
