// SPDX-License-Identifier: Apache-2.0
// scim.js - the questions of scim.c, answered by npm's scim-patch and
// scim2-parse-filter.  Run where they are installed.
"use strict";

const path = require("path");
const readline = require("readline");
const from = require("module").createRequire(path.join(process.cwd(), "_"));
const { scimPatch, patchBodyValidation } = from("scim-patch");
const { filter, parse } = from("scim2-parse-filter");

function answer(asked) {
  if (asked.patch === undefined)
    return { matches: filter(parse(asked.filter))(asked.element) };
  patchBodyValidation(asked.patch);
  return { made: scimPatch(asked.resource, asked.patch.Operations) };
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  let told;
  try {
    told = answer(JSON.parse(line));
  } catch (error) {
    told = { refused: String(error.message || error) };
  }
  process.stdout.write(JSON.stringify(told) + "\n");
});
