/** Names of the configurations of one panel, for legends. */

import { type Configuration, labelOf } from "../rule/configuration.ts";

/**
 * Short names that tell the targets of one panel apart.
 *
 * @param targets the panel's configurations
 * @param _reference what they are compared with
 * @returns one name each, e.g. `16e4a`
 */
export function labelsOf(targets: Configuration[], _reference: Configuration): string[] {
  return targets.map(labelOf);
}
