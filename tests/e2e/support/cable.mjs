// What lies between a client and the edge, and can be cut: by a reset of all connections, or so that nothing is heard any more.

import net from "node:net";

export class Cable {
  #ends = new Set();
  #state = "whole";

  /** @param edge the one at its other end; `url` is where clients reach it through the cable */
  static async to(edge) {
    const cable = new Cable();
    cable.edge = edge;
    cable.server = net.createServer((near) => cable.#connect(near));
    await new Promise((resolve) => { cable.server.listen(0, "127.0.0.1", resolve); });
    cable.port = cable.server.address().port;
    cable.url = `https://127.0.0.1:${cable.port}`;
    cable.certs = edge.certs;
    return cable;
  }

  guestToken(nick) {
    return this.edge.guestToken(nick);
  }

  /** Connections are reset, new ones too. */
  cut() {
    this.#state = "cut";
    for (const end of this.#ends) end.resetAndDestroy();
  }

  /** Connections stay and carry nothing; new ones come to nothing. */
  muffle() {
    this.#state = "muffled";
    for (const end of this.#ends) end.pause();
  }

  /** New connections pass again; those of before are gone. */
  mend() {
    this.cut();
    this.#state = "whole";
  }

  async end() {
    this.cut();
    await new Promise((resolve) => { this.server.close(resolve); });
  }

  #connect(near) {
    this.#keep(near);
    if (this.#state === "cut") near.resetAndDestroy();
    if (this.#state !== "whole") return;
    const far = net.connect(this.edge.port, "127.0.0.1");
    this.#keep(far);
    for (const [from, to] of [[near, far], [far, near]]) {
      from.on("data", (data) => to.write(data));
      from.on("close", () => to.destroy());
    }
  }

  #keep(end) {
    this.#ends.add(end);
    end.on("error", () => {}).on("close", () => this.#ends.delete(end));
  }
}
