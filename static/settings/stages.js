// What a run is at, in words for this page.

import { N_ } from "../texts.js";
import { named } from "../words.js";

export const stage = named({
  queued: N_("Waiting for its turn"),
  reading: N_("Reading the issue"),
  thinking: N_("Judging what it says"),
  checking: N_("Checking every quote"),
  criteria: N_("Writing acceptance criteria"),
  scenarios: N_("Writing test scenarios"),
  writing: N_("Saving"),
});
