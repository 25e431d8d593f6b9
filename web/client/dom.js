// The few helpers with which the page is built. Text becomes text nodes; nothing here takes markup.

export const byId = (id) => document.getElementById(id);

/** An element with properties (`class`, `aria-…` and `data-…` as attributes, `on…` as listeners) and children. */
export function el(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key in made && !key.startsWith("aria")) made[key] = value;
    else made.setAttribute(key === "class" ? "class" : key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== undefined && child !== null && child !== false));
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

const HUES = 8;

/** A round first letter in a colour of its own. */
export function avatar(user, className = "avatar") {
  const letter = [...user.trim()][0]?.toLocaleUpperCase() ?? "?";
  return el("span", { class: `${className} hue-${hueOf(user)}`, "aria-hidden": "true" }, letter);
}

export function hueOf(user) {
  let hash = 7;
  for (const character of user) hash = (hash * 31 + character.codePointAt(0)) >>> 0;
  return hash % HUES;
}

let toastTimer;

/** A short word that goes away by itself. */
export function toast(text) {
  const box = byId("toast");
  box.textContent = text;
  box.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { box.hidden = true; }, 5_000);
}

/** Says something to those who listen to the page. */
export function announce(text) {
  byId("announce").textContent = text;
}
