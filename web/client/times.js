// Times and sizes in the reader's own language and zone.

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const withYear = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const number = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });

const DAY_MS = 86_400_000;
const UNITS = ["bytes", "kB", "MB", "GB", "TB"];

export const clockOf = (date) => clock.format(date);
export const fullOf = (date) => full.format(date);
export const sameDay = (a, b) => a.toDateString() === b.toDateString();

export function dayOf(date, now = new Date()) {
  if (sameDay(date, now)) return "Today";
  if (sameDay(date, new Date(now.getTime() - DAY_MS))) return "Yesterday";
  return (date.getFullYear() === now.getFullYear() ? weekday : withYear).format(date);
}

export function sizeOf(bytes) {
  let unit = 0;
  let value = bytes;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${number.format(value)} ${UNITS[unit]}`;
}

export function durationOf(seconds) {
  if (!Number.isFinite(seconds)) return "";
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  return `${number.format(seconds / 3600)} h`;
}
