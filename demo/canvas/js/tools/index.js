// The tools of the editor, in the order of the toolbar. A new one is a file beside this and a line in it.

import { paint } from "./paint.js";
import { pan } from "./pan.js";
import { pick } from "./pick.js";
import { probe } from "./probe.js";
import { select } from "./select.js";

/** @type {import("./tool.js").Tool[]} */
export const TOOLS = [pick, paint, select, probe, pan];
