// What a regression's error costs, by the ways of counting it that direct loss estimation learns, each by a small model of its
// own: as scikit-learn's metrics define them for one row (mean absolute, squared, absolute percentage and squared log error).

export const LOSS_KINDS = ["loss", "loss_squared", "loss_percentage", "loss_squared_log"] as const;
/** `loss`: the absolute error. */
export type LossKind = (typeof LOSS_KINDS)[number];

/** NaN where it is not defined: of negative numbers there is no logarithm, and of a truth of 0 no share. */
export const LOSS_OF: Readonly<Record<LossKind, (predicted: number, actual: number) => number>> = {
  loss: (p, y) => Math.abs(p - y),
  loss_squared: (p, y) => (p - y) ** 2,
  loss_percentage: (p, y) => (y === 0 ? NaN : Math.abs((p - y) / y)),
  loss_squared_log: (p, y) => (p < 0 || y < 0 ? NaN : (Math.log1p(p) - Math.log1p(y)) ** 2),
};
