// What people wrote, as nodes: ```blocks```, `code`, **strong**, *emphasis* and links. Built node by node, so that no text can
// become markup; every repetition in the patterns is bounded, so that no text can make them slow.

import { el } from "./dom.js";

const BLOCK = /```(?:[a-z0-9+#-]{0,20}\n)?([\s\S]{1,16384}?)```/g;
const INLINE =
  /`([^`\n]{1,2000})`|(?<![\w*])\*\*(?=\S)([^\n]{0,1000}?\S)\*\*(?!\w)|(?<![\w*])\*(?=[^\s*])([^*\n]{0,1000}?[^\s*])\*(?![\w*])|(?<!\w)(https?:\/\/[^\s<>"]{1,2000})/gi;
const AFTER_A_LINK = /[.,;:!?'"*_~)\]}]$/;
const NESTING_MOST = 3;
const PICTURES = /^(?:\p{Extended_Pictographic}(?:\uFE0F|\u200D|\p{Emoji_Modifier})*\s?){1,3}$/u;

/** The text as nodes. */
export function formatted(text) {
  const out = document.createDocumentFragment();
  let from = 0;
  for (const block of text.matchAll(BLOCK)) {
    out.append(...inline(text.slice(from, block.index).replace(/\n$/, "")));
    out.append(el("pre", { tabIndex: 0 }, el("code", {}, block[1].replace(/\n$/, ""))));
    from = block.index + block[0].length;
    if (text[from] === "\n") from++;
  }
  out.append(...inline(text.slice(from)));
  return out;
}

/** Whether it is nothing but a picture or three. */
export function isPictures(text) {
  return text.length < 40 && PICTURES.test(text);
}

function inline(text, depth = 0) {
  const nodes = [];
  let from = 0;
  for (const found of text.matchAll(INLINE)) {
    if (found.index < from) continue;  // inside what a link gave back
    const [whole, code, strong, emphasis, url] = found;
    let node = null;
    let end = found.index + whole.length;
    if (code !== undefined) {
      node = el("code", {}, code);
    } else if (url !== undefined) {
      const address = linkIn(url);
      end = found.index + address.length;
      node = link(address);
    } else if (depth < NESTING_MOST) {
      node = strong !== undefined ? el("strong", {}, ...inline(strong, depth + 1)) : el("em", {}, ...inline(emphasis, depth + 1));
    }
    if (!node) continue;
    nodes.push(text.slice(from, found.index), node);
    from = end;
  }
  nodes.push(text.slice(from));
  return nodes.filter((node) => node !== "");
}

/** A sentence's end is not the link's, but a bracket that was opened in it is. */
function linkIn(url) {
  let address = url;
  while (AFTER_A_LINK.test(address)) {
    if (address.endsWith(")") && address.split("(").length >= address.split(")").length) break;
    address = address.slice(0, -1);
  }
  return address;
}

function link(address) {
  let url;
  try {
    url = new URL(address);
  } catch {
    return address;
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") return address;
  return el("a", { href: url.href, target: "_blank", rel: "noopener noreferrer" }, address);
}
