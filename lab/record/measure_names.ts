/**
 * Names of measures that are looked for by name; apart from the schemas, so that the judge needs no package.
 *
 * @module
 */

/** Name of the measure by which tables and charts find how far an optimum moved. */
export const SHIFT = "shift of the optimum";
/** Name of the measure by which tables and charts find what a transferred value costs. */
export const REGRET = "regret of the transferred value";
