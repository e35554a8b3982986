// The page of the site's administrators: the models, what they may cost, what waits, failed and was done, and who
// changed what.

import { get } from "./api.js";
import { byId, put } from "./dom.js";
import { start } from "./page.js";
import { errorNotice } from "./parts.js";
import { auditTable } from "./site/audit.js";
import { budgetForm } from "./site/budget.js";
import { FAILURES, failuresList } from "./site/failures.js";
import { healthNotice } from "./site/health.js";
import { LOAD, loadReport } from "./site/load.js";
import { modelForm } from "./site/model.js";
import { usageReport } from "./site/usage.js";

/** Each part stands for itself: one that cannot be loaded does not hide the others. */
async function part(place, path, build) {
  try {
    put(place, build(await get(path)));
  } catch (error) {
    put(
      place,
      errorNotice(error, () => part(place, path, build)),
    );
  }
}

/** No part of its own: when it cannot be loaded the others say so. */
async function health(place) {
  const found = await get("/site/health").catch(() => ({}));
  put(place, healthNotice(found));
}

start(() =>
  Promise.all([
    health(byId("health-section")),
    part(byId("model-section"), "/site/model", modelForm),
    part(byId("budget-section"), "/budget", budgetForm),
    part(byId("load-section"), LOAD, loadReport),
    part(byId("failures-section"), FAILURES, failuresList),
    part(byId("usage-section"), "/usage", usageReport),
    part(byId("audit-section"), "/audit?limit=50", auditTable),
  ]),
);
