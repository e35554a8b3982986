// The kinds of runs a project has prompts and results of.

import { N_ } from "../texts.js";
import { named } from "../words.js";

export const kindName = named({
  analysis: N_("Analysis"),
  criteria: N_("Acceptance criteria"),
  scenarios: N_("Test scenarios"),
  pipeline: N_("Full pipeline"),
  summary: N_("Summary"),
});
