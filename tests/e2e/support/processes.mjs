// What Linux tells of the browser's processes.

import { readFileSync, readdirSync } from "node:fs";

/** The resident bytes of each page's process below that one: [[pid, bytes]]. */
export function renderersOf(ancestor) {
  const parents = new Map();
  const renderers = [];
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number)) {
    try {
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      parents.set(pid, Number(/^PPid:\s+(\d+)/m.exec(status)[1]));
      if (readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("--type=renderer"))
        renderers.push([pid, Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024]);
    } catch {
      // it ended while we looked
    }
  }
  const isBelow = (pid) => pid === ancestor || (parents.has(pid) && isBelow(parents.get(pid)));
  return renderers.filter(([pid]) => isBelow(pid));
}
