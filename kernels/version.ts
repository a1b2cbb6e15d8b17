/**
 * Version of the kernels' arithmetic: part of every run's identity. Raise it whenever a change can
 * move a loss in its last bits (summation order, formula, random numbers); then stored runs are
 * trained again.
 *
 * @module
 */

/** See the module comment. */
export const KERNELS_VERSION = "2";
