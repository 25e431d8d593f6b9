// One local edge in a folder of its own, on free ports; its data outlives kill and start.

import { spawn, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const BUILD = process.env.ROOMCAST_BUILD ?? path.join(ROOT, "build/release");
const PROGRAM = path.join(BUILD, "ws-edge/roomcast-edge");
const READY_MS = 30_000;

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = net.createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

function get(url) {
  return new Promise((resolve) => {
    http.get(url, (answer) => answer.resume().on("end", () => resolve(answer.statusCode))).on("error", () => resolve(0));
  });
}

export class Edge {
  #process = null;

  static async start(...flags) {
    if (!existsSync(PROGRAM)) throw new Error(`there is no ${PROGRAM}: build it first (make build)`);
    const edge = new Edge();
    mkdirSync(path.join(ROOT, "build/tests"), { recursive: true });
    edge.dir = mkdtempSync(path.join(ROOT, "build/tests/e2e-"));
    edge.certs = path.join(edge.dir, "certs");
    execFileSync(path.join(ROOT, "certs/make-certs"), ["--dir", edge.certs], { stdio: "ignore" });
    edge.port = await freePort();
    edge.metricsPort = await freePort();
    edge.url = `https://127.0.0.1:${edge.port}`;
    edge.flags = flags;
    await edge.run();
    return edge;
  }

  async run() {
    const log = openSync(path.join(this.dir, "edge.log"), "a");
    this.#process = spawn(PROGRAM, [
      "--local", "--data-dir", path.join(this.dir, "data"), "--listen", "127.0.0.1", "--port", this.port,
      "--metrics-listen", "127.0.0.1", "--metrics-port", this.metricsPort, "--shards", 2, "--web-dir", path.join(ROOT, "web/client"),
      "--tls-cert", path.join(this.certs, "server.pem"), "--tls-key", path.join(this.certs, "server.key"),
      "--jwt-secret-file", path.join(this.certs, "jwt.secret"), ...this.flags,
    ].map(String), { stdio: ["ignore", log, log] });
    await until(async () => {
      if (this.#process.exitCode !== null) throw new Error(`the edge ended; see ${this.dir}/edge.log`);
      return await get(`http://127.0.0.1:${this.metricsPort}/readyz`) === 200;
    }, "the edge is ready", READY_MS);
  }

  /** As by kill -9. */
  async kill() {
    await this.#end("SIGKILL");
  }

  async stop() {
    await this.#end("SIGTERM");
  }

  async #end(signal) {
    const running = this.#process;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const ended = new Promise((resolve) => { running.once("exit", resolve); });
    running.kill(signal);
    await ended;
  }

  /** Asks over HTTPS: { status, headers, body }. */
  request(method, where, body) {
    return new Promise((resolve, reject) => {
      const request = https.request(`${this.url}${where}`, { method, ca: readFileSync(path.join(this.certs, "ca.pem")) }, (answer) => {
        const parts = [];
        answer.on("data", (part) => parts.push(part));
        answer.on("end", () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts) }));
      });
      request.on("error", reject);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  async guestToken(nick) {
    return JSON.parse((await this.request("POST", "/guest", { nick })).body).token;
  }
}

/** Waits for a condition, looking often. */
export async function until(condition, what, withinMs = 15_000) {
  const end = Date.now() + withinMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => { setTimeout(resolve, 25); });
  }
}
