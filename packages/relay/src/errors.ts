// What the relay throws on purpose. Every code stands in protocol's registry; answers carry the code and never the input.
import { SealchartError } from '@sealchart/protocol'

export class RelayError extends SealchartError {}
