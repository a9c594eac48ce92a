// The knobs of batching. Names are Triton's (ModelDynamicBatching, ModelQueuePolicy of its model_config.proto) where they
// mean the same. Without any of them sizes are learnt from measured cost, nobody waits when the engine is idle, and the
// queue holds what can be answered in a second.

export interface BatchingOptions {
  /** Rows in one engine call, at most. */
  readonly maxBatchSize?: number;
  /** How long a request may wait for company when the engine is idle; 0 by default. */
  readonly maxQueueDelayMicroseconds?: number;
  /** Requests that may wait; by default as many as are computed within a second. */
  readonly maxQueueSize?: number;
  /** After how long in the queue a request is dropped; none by default (the request's own time counts all the same). */
  readonly defaultTimeoutMicroseconds?: number;
  /** What becomes of a request whose time in the queue is over: REJECT (default), or DELAY until nothing else waits. */
  readonly timeoutAction?: "REJECT" | "DELAY";
  /** Whether a request's own `timeout` may shorten the default. Yes by default. */
  readonly allowTimeoutOverride?: boolean;
  /** Levels from 1 (first) to this; 1 by default. */
  readonly priorityLevels?: number;
  /** Of requests that name none; the middle by default. */
  readonly defaultPriorityLevel?: number;
  /** Answers in the order of requests. It holds anyway where one call runs at a time; elsewhere it is false by default. */
  readonly preserveOrdering?: boolean;
}
