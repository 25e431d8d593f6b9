// The same through Kafka: two edges, two workers, a broker; what is killed and started again is the edge that people are at.

process.env.ROOMCAST_MODE = "cluster";
await import("./talk.test.mjs");
await import("./history.test.mjs");
await import("./reconnect.test.mjs");
