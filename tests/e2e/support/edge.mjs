// The server under test, in a folder of its own, on free ports: one local edge, or, with ROOMCAST_MODE=cluster, an edge of a
// whole cluster of scripts/cluster. Data outlives kill and start.

import { execFile, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
// The tests are a crowd at one address and in a hurry.
for (const rate of ["SESSION", "USER", "ADDRESS", "ROOM", "REQUEST"]) process.env[`ROOMCAST_${rate}_RATE`] ??= "0";
const BUILD = process.env.ROOMCAST_BUILD ?? path.join(ROOT, "build/release");
const PROGRAM = path.join(BUILD, "ws-edge/roomcast-edge");
const READY_MS = 30_000;
const PORT_TAKEN = 3;  // exit status of scripts/cluster
const TESTS = path.join(ROOT, "build/tests");
mkdirSync(TESTS, { recursive: true });

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

// Whatever ends this process, what it started ends too.
const running = new Set();
process.on("exit", () => { for (const end of running) end(); });
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

/** What both kinds of server can be asked. */
class Server {
  dir = mkdtempSync(path.join(TESTS, "e2e-"));
  certs = path.join(this.dir, "certs");

  get url() {
    return `https://127.0.0.1:${this.port}`;
  }

  /** Asks over HTTPS: { status, headers, body }. */
  request(method, where, body, headers = {}) {
    return new Promise((resolve, reject) => {
      const options = { method, headers: { ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...headers }, ca: readFileSync(path.join(this.certs, "ca.pem")) };
      const request = https.request(`${this.url}${where}`, options, (answer) => {
        const parts = [];
        answer.on("data", (part) => parts.push(part));
        answer.on("end", () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts) }));
      });
      request.on("error", reject);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  async guestToken(nick) {
    const { status, body } = await this.request("POST", "/guest", { nick });
    if (status !== 200) throw new Error(`no guest ${nick}: ${status} ${body}`);
    return JSON.parse(body).token;
  }
}

class LocalEdge extends Server {
  #process = null;

  static async start(...flags) {
    if (!existsSync(PROGRAM)) throw new Error(`there is no ${PROGRAM}: build it first (make build)`);
    const edge = new LocalEdge();
    execFileSync(path.join(ROOT, "certs/make-certs"), ["--dir", edge.certs], { stdio: "ignore" });
    edge.port = await freePort();
    edge.metricsPort = await freePort();
    edge.flags = flags;
    running.add(() => edge.#process?.kill("SIGKILL"));
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

  /** The server is needed no more. */
  end() {
    return this.stop();
  }
}

/** The first edge of a cluster: kill, stop and run are its own, the rest goes on. */
class ClusterEdge extends Server {
  static async start() {
    const edge = new ClusterEdge();
    edge.undo = () => execFileSync(path.join(ROOT, "scripts/cluster"), ["stop", "--dir", edge.dir], { stdio: "ignore" });
    running.add(edge.undo);
    for (let tries = 0; tries < 5; tries++) {
      edge.base = 12_000 + Math.floor(Math.random() * 16_000);
      try {
        await edge.script("start", "--base-port", edge.base, "--edges", 2, "--workers", 2, "--build", BUILD,
          "--topic-prefix", process.env.KAFKA_BROKERS ? path.basename(edge.dir) : "roomcast");
        edge.port = edge.base;
        return edge;
      } catch (failure) {
        if (failure.code !== PORT_TAKEN) throw failure;
      }
    }
    throw new Error("found no free ports for a cluster");
  }

  kill() {
    return this.script("kill", "edge-1");
  }

  async stop() {
    await this.script("kill", "edge-1", "TERM");
  }

  run() {
    return this.script("restart", "edge-1");
  }

  async end() {
    await this.script("stop");
    running.delete(this.undo);
  }

  async script(command, ...words) {
    await promisify(execFile)(path.join(ROOT, "scripts/cluster"), [command, "--dir", this.dir, ...words.map(String)]);
  }
}

let shared;  // a cluster takes some seconds to start: one serves all files of this process
let users = 0;

export const Edge = {
  async start(...flags) {
    if (process.env.ROOMCAST_MODE !== "cluster") return LocalEdge.start(...flags);
    users++;
    shared ??= ClusterEdge.start();
    return Object.assign(Object.create(await shared), { end: async () => { if (--users === 0) await (await shared).end(); } });
  },
};

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
