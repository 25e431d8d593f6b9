// Who one is. So far: a guest with a name of one's choice, by a cookie that no script can read.

export class Refusal extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

async function ask(path, body) {
  let answer;
  try {
    answer = await fetch(path, body === undefined ? {} : {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
    });
  } catch {
    throw new Refusal("unreachable", "The server cannot be reached. Check your connection and try again.");
  }
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refusal(said.error?.code ?? "internal", said.error?.message ?? `The server answered ${answer.status}.`);
  return said;
}

/** The user of the cookie, or null. */
export async function whoAmI() {
  try {
    return (await ask("me")).user;
  } catch (refusal) {
    if (refusal.code === "bad_token") return null;
    throw refusal;
  }
}

export async function becomeGuest(nick) {
  return (await ask("guest", { nick })).user;
}
