/**
 * What is swept, with its names; apart from the schemas, so that the judge of tables needs no package.
 *
 * @module
 */

/** Hyperparameters of the reference that a suite may sweep. */
export const SWEPT = ["lr", "weightDecay", "initStd"] as const;
/** One of {@link SWEPT}. */
export type Swept = typeof SWEPT[number];

/** What a table of runs made elsewhere may have swept: any positive number. */
export const ANY_SWEPT = [...SWEPT, "other"] as const;
/** One of {@link ANY_SWEPT}. */
export type AnySwept = typeof ANY_SWEPT[number];

/** The words of a swept hyperparameter, as titles, axes and tables write it. */
export const SWEPT_NAME: Record<AnySwept, string> = {
  lr: "learning rate",
  weightDecay: "weight decay",
  initStd: "init standard deviation",
  other: "swept value",
};

/** Stem of the files of the chart of a sweep. */
export const SWEPT_CHART: Record<AnySwept, string> = {
  lr: "loss-vs-lr",
  weightDecay: "loss-vs-weight-decay",
  initStd: "loss-vs-init-std",
  other: "loss-vs-value",
};
